"""Do one job in a fresh process and print what it took; ``render.py`` starts it, with the Python that has the tool."""

import json
import sys
import time
from pathlib import Path

from benchmarks.peers import PEERS, Job


def _memory(key: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith(key)).split()[1])


def main(peer: str, tiny: str, source: str, target: str, written_job: str) -> None:
    work = PEERS[peer].work
    natural, box, size, format_name, is_working_copy = json.loads(written_job)
    job = Job(tuple(natural), tuple(box), tuple(size), format_name, is_working_copy)
    # A tool loads what it loads only once on a small picture.
    small_box, small_size = ((0, 0, 96, 64), (48, 32)) if job.is_whole else ((8, 8, 88, 56), (40, 24))
    work(Path(tiny), Path(target), job._replace(natural=(96, 64), box=small_box, size=small_size))
    # Let the kernel forget the peak so far (proc(5), clear_refs): ru_maxrss would be that of the parent at the start.
    Path("/proc/self/clear_refs").write_text("5")
    memory, cpu, start = _memory("VmRSS"), time.process_time(), time.perf_counter()
    work(Path(source), Path(target), job)
    taken = time.perf_counter() - start, time.process_time() - cpu, max(0, _memory("VmHWM") - memory)
    print(json.dumps(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
