"""Compare rendering with other tools: time, peak memory and faithfulness of the pixels.

    python -m benchmarks.render                        everything, a quarter of an hour
    python -m benchmarks.render --only crop/jpeg-24    cases by the beginning of their name
    python -m benchmarks.render --tables               print the tables from what was measured before

Each measurement runs in a fresh process. The tools take turns; a ratio is that of two measurements of the same round.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.peers import PEERS, Job
from benchmarks.sources import FOLDER, SIZES, SOURCES, path_of, tiny

JOBS = {
    "crop": "The middle 60 % of the width and height, to 1024 px",
    "thumbnail": "The whole, to 256 px",
    "1to1": "1024 × 683 px from the middle, at their own size",
    "working": "The whole, to 1600 px: Proofsheet's working copy",
}
CASES = [
    *[("crop", source, "JPEG") for source in SOURCES],
    *[("crop", "jpeg-24", name) for name in ("WEBP", "AVIF")],
    *[("thumbnail", source, "JPEG") for source in ("jpeg-24", "progressive-24", "png-24", "webp-12", "avif-12")],
    *[("1to1", source, "JPEG") for source in ("jpeg-24", "jpeg-50", "progressive-24", "png-24")],
    *[("working", source, "JPEG") for source in ("jpeg-24", "progressive-24", "png-24", "webp-12")],
]


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds by the clock and of the processor, peak memory over the start in bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def job_of(kind: str, source: str, format_name: str, natural: tuple[int, int] | None = None) -> Job:
    width, height = natural or SIZES[SOURCES[source][1]]
    box = {
        "crop": (width // 5, height // 5, width - width // 5, height - height // 5),
        "1to1": ((width - 1024) // 2, (height - 683) // 2, (width + 1024) // 2, (height + 683) // 2),
    }.get(kind, (0, 0, width, height))
    edge = {"crop": 1024, "1to1": 1024, "thumbnail": 256, "working": 1600}[kind]
    size = (edge, round(edge * (box[3] - box[1]) / (box[2] - box[0])))
    return Job((width, height), box, size, format_name, kind == "working")


# --- In the child -------------------------------------------------------------------------


def _memory(key: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith(key)).split()[1])


def measure_here(peer: str, kind: str, source: str, format_name: str, target: Path) -> None:
    """Do a job in this process and print what it took."""
    _, work = PEERS[peer]
    job, path = job_of(kind, source, format_name), path_of(source)
    box, size = ((0, 0, 96, 64), (48, 32)) if job.is_whole else ((8, 8, 88, 56), (40, 24))
    work(tiny(source), target, Job((96, 64), box, size, format_name, job.is_working_copy))
    # Let the kernel forget the peak so far (proc(5), clear_refs): ru_maxrss would be that of the parent at the start.
    Path("/proc/self/clear_refs").write_text("5")
    memory, cpu, start = _memory("VmRSS"), time.process_time(), time.perf_counter()
    work(path, target, job)
    taken = time.perf_counter() - start, time.process_time() - cpu, max(0, _memory("VmHWM") - memory)
    print(json.dumps(taken))


# --- In the parent ------------------------------------------------------------------------


def measure(peer: str, case: tuple[str, str, str], target: Path) -> Measured | None:
    """Measure a tool in a fresh process; nothing if the tool has no way to do it."""
    command = [sys.executable, "-m", "benchmarks.render", "--child", peer, *case, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        if "NotImplementedError" in done.stderr:
            return None
        raise SystemExit(f"{peer} failed on {case}:\n{done.stderr}")
    return Measured(*json.loads(done.stdout))


def reference(kind: str, source: str) -> "numpy.ndarray":  # noqa: F821
    """The result in floating point: decoded whole, each channel resized by Lanczos' filter without rounding."""
    import numpy
    from PIL import Image

    job = job_of(kind, source, "PNG")
    with Image.open(path_of(source)) as image:
        channels = image.convert("RGB").split()
    floats = (channel.convert("F").resize(job.size, Image.Resampling.LANCZOS, box=job.box) for channel in channels)
    return numpy.stack([numpy.asarray(each).clip(0, 255) for each in floats], axis=2)


def psnr(exact: "numpy.ndarray", path: Path) -> float | None:  # noqa: F821
    """The peak signal-to-noise ratio of a file in dB, ``inf`` if it is exact; nothing if it is of another size."""
    import numpy
    from PIL import Image

    made = numpy.asarray(Image.open(path).convert("RGB"), dtype="float64")
    if made.shape != exact.shape:
        return None
    error = ((made - exact) ** 2).mean()
    return float(10 * numpy.log10(255**2 / error)) if error else math.inf


def compare(case: tuple[str, str, str], rounds: int) -> dict[str, dict[str, float | None]]:
    """Measure all tools on one case, in turns."""
    kind, source, _ = case
    exact = reference(kind, source)
    tiny(source)
    results: dict[str, list[Measured]] = {}
    facts: dict[str, dict[str, float | None]] = {}
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        target = Path(folder) / "made"
        for turn in range(rounds):
            for peer in PEERS:
                if turn and peer not in results:
                    continue
                measured = measure(peer, case, target)
                if measured is None:
                    continue
                results.setdefault(peer, []).append(measured)
                if turn == 0:
                    facts[peer] = {"bytes": target.stat().st_size, "encoded": psnr(exact, target), "pixels": None}
                    if measure(peer, (kind, source, "PNG"), target):
                        facts[peer]["pixels"] = psnr(exact, target)
    ours = results["proofsheet"]
    for peer, runs in results.items():
        facts[peer] |= {
            "ms": 1000 * median(run.seconds for run in runs),
            "ratio": median(run.seconds / our.seconds for run, our in zip(runs, ours, strict=True)),
            "cpu": median(run.cpu_seconds / our.cpu_seconds for run, our in zip(runs, ours, strict=True)),
            "mb": median(run.peak_bytes for run in runs) / 1024**2,
        }
    return facts


def name_of(case: tuple[str, str, str]) -> str:
    return "/".join(case)


def tables(results: dict[str, dict[str, dict[str, float | None]]]) -> None:
    """Print what was measured as Markdown."""
    for kind, title in JOBS.items():
        cases = [case for case in CASES if case[0] == kind and name_of(case) in results]
        if not cases:
            continue
        heads = [SOURCES[source][0] + ("" if out == "JPEG" else f" → {out}") for _, source, out in cases]
        for note, cell in (
            ("time as a multiple of Proofsheet's · peak memory", _cost),
            ("faithfulness in dB: pixels / after encoding · file", _faithfulness),
            ("processor time as a multiple of Proofsheet's", _cpu),
        ):
            print(f"\n{title}: {note}\n\n| | {' | '.join(heads)} |\n|{' --- |' * (len(heads) + 1)}")
            for peer, (label, _) in PEERS.items():
                cells = [cell(peer, results[name_of(case)].get(peer)) for case in cases]
                if any(each != "–" for each in cells):
                    print(f"| {label} | {' | '.join(cells)} |")


def _cost(peer: str, facts: dict[str, float | None] | None) -> str:
    if facts is None:
        return "–"
    taken = f"{facts['ms']:.0f} ms" if peer == "proofsheet" else f"{facts['ratio']:.2f} ×"
    return f"{taken} · {facts['mb']:.0f} MB"


def _cpu(_: str, facts: dict[str, float | None] | None) -> str:
    return "–" if facts is None else f"{facts['cpu']:.2f} ×"


def _faithfulness(_: str, facts: dict[str, float | None] | None) -> str:
    if facts is None:
        return "–"
    values = ["–" if facts[key] is None else f"{facts[key]:.2f}" for key in ("pixels", "encoded")]
    return f"{' / '.join(values)} · {facts['bytes'] / 1000:.0f} KB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name begins so, such as crop/jpeg-24")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tables", action="store_true", help="measure nothing")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        *case, target = options.child
        measure_here(*case, Path(target))
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for case in [] if options.tables else CASES:
        if name_of(case).startswith(options.only):
            path_of(case[1])
            print(f"{name_of(case)}…", file=sys.stderr)
            results[name_of(case)] = compare(case, options.rounds)
            kept.write_text(json.dumps(results, indent=1))
    tables(results)


if __name__ == "__main__":
    main()
