"""Measure what the sandbox costs per picture, and how soon a full queue says so.

python -m benchmarks.sandbox                       half a minute; prints it and keeps it for the README
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles

from PIL import Image

from benchmarks.peers import QUALITY
from benchmarks.render import job_of
from benchmarks.sources import FOLDER, SIZES, path_of, tiny
from uploads.errors import DecoderBusy
from uploads.geometry import Box, Selection, Size
from uploads.imaging import render, sandbox
from uploads.imaging.probe import Limits
from uploads.tests import decoders

LIMITS = Limits(("JPEG",), 60_000_000, 16_384, 100, 100)
CALLS = 300
RESULT = FOLDER / "sandbox.md"


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def recipe(natural: tuple[int, int], width: int) -> render.Recipe:
    """The middle of a picture at a width."""
    left, upper, right, lower = job_of("crop", "jpeg-12", "JPEG", natural).box
    box = Box(left, upper, right - left, lower - upper)
    return render.Recipe(Selection(box), Size(width, width * box.height // box.width), "JPEG", QUALITY["JPEG"])


def compare(title: str, here: Callable[[], object], there: Callable[[], object], calls: int) -> str:
    """What a call costs in this process and in the sandbox, in turns, and the difference: a row of a table."""
    pairs = [(milliseconds(here), milliseconds(there)) for _ in range(calls)]
    inside, outside = (median(each) for each in zip(*pairs, strict=True))
    extra = [there - here for here, there in pairs]
    worst = quantiles(extra, n=20)[-1]
    return f"| {title} | {inside:.2f} ms | {outside:.2f} ms | {median(extra):.2f} ms | {worst:.2f} ms |"


def measure_cost(children: sandbox.Sandbox, target: Path) -> str:
    rows = ["| | in this process | in the sandbox | more (median) | more (95 of 100 below) |", "|" + " --- |" * 5]
    rows.append(
        compare(
            "adding two numbers",
            lambda: decoders.add(1, second=2),
            lambda: children.run(decoders.add, 1, second=2),
            CALLS,
        )
    )
    for title, source, natural, width, calls in (
        ("a crop of 96 × 64 px to 40", tiny("jpeg-12"), (96, 64), 40, CALLS),
        ("a crop of 12 megapixels to 1024 px", path_of("jpeg-12"), SIZES[12], 1024, 50),
    ):
        arguments = source, target, LIMITS, recipe(natural, width)
        rows.append(
            compare(
                title, lambda a=arguments: render.render(*a), lambda a=arguments: children.run(render.render, *a), calls
            )
        )
    return "\n".join(rows)


def measure_refusal(target: Path) -> str:
    """Fill every place with calls that wait, and ask once more."""
    crowded = sandbox.Sandbox(workers=2, seconds=60)
    places, end = 2 + sandbox.MAX_WAITING, target.with_name("end")
    with ThreadPoolExecutor(places) as threads:
        started = [threads.submit(crowded.run, decoders.wait_for, f"{target}-{n}", str(end)) for n in range(places)]
        while crowded._places._value:
            time.sleep(0.01)

        def ask() -> None:
            try:
                crowded.run(decoders.add, 1, second=2)
            except DecoderBusy:
                return
            raise AssertionError("there was a place")

        taken = [milliseconds(ask) for _ in range(CALLS)]
        end.touch()
    assert all(each.result() for each in started)
    return f"All {places} places taken: refused after {median(taken):.3f} ms (median), {max(taken):.3f} ms (longest)."


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    Image.init()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "made"
        children = sandbox.Sandbox(workers=2, seconds=60)
        first = milliseconds(lambda: children.run(decoders.add, 1, second=2))
        parts = (
            f"The first call, which starts the children: {first:.0f} ms.",
            measure_cost(children, target),
            measure_refusal(target),
        )
    RESULT.write_text("\n\n".join(parts) + "\n")
    print(RESULT.read_text(), end="")


if __name__ == "__main__":
    main()
