"""Compare rendering with other tools: time, peak memory and faithfulness of the pixels.

    python -m benchmarks.render                        everything, 20 minutes
    python -m benchmarks.render --only crop/jpeg-24    cases by the beginning of their name, added to what was measured

Each measurement runs in a fresh process. The tools take turns; a ratio is that of two measurements of the same round.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.peers import PEERS, Job
from benchmarks.sources import FOLDER, ROOT, SIZES, SOURCES, path_of, tiny

RESULTS = FOLDER / "results.json"
JOBS = {
    "crop": "The middle 60 % of the width and height, to 1024 px",
    "thumbnail": "The whole, to 256 px",
    "1to1": "1024 × 683 px from the middle, at their own size",
    "working": "The whole, to 1600 px: Proofsheet's working copy",
}
Case = tuple[str, str, str]  # job, source, format of the result
CASES: list[Case] = [
    *[("crop", source, "JPEG") for source in SOURCES],
    *[("crop", "jpeg-24", name) for name in ("WEBP", "AVIF")],
    *[("thumbnail", source, "JPEG") for source in ("jpeg-24", "progressive-24", "png-24", "webp-12", "avif-12")],
    *[("1to1", source, "JPEG") for source in ("jpeg-12", "jpeg-24", "jpeg-50", "progressive-24", "png-24")],
    *[("working", source, "JPEG") for source in ("jpeg-24", "progressive-24", "png-24", "webp-12")],
]


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds by the clock and of the processor, peak memory over the start in bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def name_of(case: Case) -> str:
    return "/".join(case)


def rounds_of(case: Case) -> int:
    """How often a case is measured for the tables: more where it is compared with a goal."""
    kind, source, _ = case
    return 5 if kind == "crop" and SOURCES[source][1] >= 24 else 3


def job_of(kind: str, source: str, format_name: str, natural: tuple[int, int] | None = None) -> Job:
    width, height = natural or SIZES[SOURCES[source][1]]
    box = {
        "crop": (width // 5, height // 5, width - width // 5, height - height // 5),
        "1to1": ((width - 1024) // 2, (height - 683) // 2, (width + 1024) // 2, (height + 683) // 2),
    }.get(kind, (0, 0, width, height))
    edge = {"crop": 1024, "1to1": 1024, "thumbnail": 256, "working": 1600}[kind]
    size = (edge, round(edge * (box[3] - box[1]) / (box[2] - box[0])))
    return Job((width, height), box, size, format_name, kind == "working")


def measure(peer: str, case: Case, target: Path) -> Measured | None:
    """Measure a tool in a fresh process; nothing if the tool has no way to do it."""
    _, source, _ = case
    paths = map(str, (tiny(source), path_of(source), target))
    command = [machine.python_of(peer), "-m", "benchmarks.child", peer, *paths, json.dumps(job_of(*case))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        if "NotImplementedError" in done.stderr:
            return None
        raise SystemExit(f"{peer} failed on {name_of(case)}:\n{done.stderr}")
    return Measured(*json.loads(done.stdout))


def reference(kind: str, source: str) -> "numpy.ndarray":  # noqa: F821
    """The result in floating point: decoded whole, each channel resized by Lanczos' filter without rounding."""
    import numpy
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
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


def compare(case: Case, peers: list[str], rounds: int) -> dict[str, dict[str, float | None]]:
    """Measure tools on one case, in turns."""
    kind, source, _ = case
    exact = reference(kind, source)
    results: dict[str, list[Measured]] = {}
    facts: dict[str, dict[str, float | None]] = {}
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        target = Path(folder) / "made"
        for turn in range(rounds):
            for peer in peers:
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


def _kept(here: str) -> dict[str, Any]:
    """What was measured before, if it was here and with the same versions: others are not mixed with it."""
    if not RESULTS.exists():
        return {}
    kept = json.loads(RESULTS.read_text())
    if kept["machine"] != here:
        raise SystemExit(f"{RESULTS} is from another machine or other versions: move it away, or measure everything.")
    return dict(kept["cases"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="cases whose name begins so, such as crop/jpeg-24")
    parser.add_argument("--rounds", type=int, help="fewer than 5 or 3 are for trying things: no tables are written")
    options = parser.parse_args()
    cases = [case for case in CASES if name_of(case).startswith(options.only or "")]
    if not cases:
        parser.error(f"No case begins with {options.only}; they are {', '.join(map(name_of, CASES))}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    peers = [peer for peer in PEERS if machine.has(peer)]
    here, start = machine.describe(peers), time.monotonic()
    results = _kept(here) if options.only else {}
    # By size: the same picture is then saved in all its formats.
    for source in sorted({source for _, source, _ in cases}, key=lambda name: SOURCES[name][1]):
        print(f"Source {SOURCES[source][0]}", file=sys.stderr)
        path_of(source)
    for source in SOURCES:
        tiny(source)
    for number, case in enumerate(cases, 1):
        minutes, rounds = (time.monotonic() - start) / 60, options.rounds or rounds_of(case)
        print(f"{minutes:4.1f} min · {number} of {len(cases)} · {name_of(case)} × {rounds}", file=sys.stderr)
        tools = compare(case, peers, rounds)
        results[name_of(case)] = {"rounds": rounds, "load": os.getloadavg()[0], "tools": tools}
        RESULTS.write_text(json.dumps({"machine": here, "cases": results}, indent=1))


if __name__ == "__main__":
    main()
