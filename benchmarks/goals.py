"""What Proofsheet wants to reach beside other tools, and whether it did."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.render import CASES, JOBS, Case, name_of
from benchmarks.sources import SIZES, SOURCES

Facts = dict[str, Any]
ON_PILLOW = ("pillow", "pillow-thumbnail", "willow", "easy-thumbnails", "sorl", "pilkit", "thumbor")
SHRUNK = ("vips-shrunk",)
SHORT = dict(zip(JOBS, ("crop", "thumbnail", "1:1 crop", "working copy"), strict=True))


def _time(_ours: Facts, theirs: Facts) -> float:
    return float(theirs["ratio"])


def _memory(ours: Facts, theirs: Facts) -> float:
    return float(theirs["mb"] / ours["mb"])


def _pixels(ours: Facts, theirs: Facts) -> float | None:
    return _difference(ours["pixels"], theirs["pixels"])


def _encoded(ours: Facts, theirs: Facts) -> float | None:
    return _difference(ours["encoded"], theirs["encoded"])


def _difference(ours: float | None, theirs: float | None) -> float | None:
    if ours is None or theirs is None:
        return None
    return 0 if ours == theirs else ours - theirs  # both may be infinite


@dataclass(frozen=True, slots=True)
class Goal:
    """That a figure be at least so much, for each of some tools in each of some cases."""

    text: str
    figure: Callable[[Facts, Facts], float | None]
    least: float
    unit: str
    peers: tuple[str, ...]
    sources: tuple[str, ...]
    formats: tuple[str, ...] = ("JPEG",)

    def rows(self, results: Facts) -> list[str]:
        """For each job a line of the table: the least and the greatest figure and whether the goal is reached."""
        return [row for kind in JOBS if (row := self._row(kind, results))]

    def _row(self, kind: str, results: Facts) -> str:
        found = []
        for case in self._cases(kind, results):
            tools = results[name_of(case)]["tools"]
            for peer in self.peers:
                value = self.figure(tools["proofsheet"], tools[peer]) if peer in tools else None
                if value is not None:
                    found.append((value, f"{PEERS[peer].label}, {SOURCES[case[1]][0]}"))
        if not found:
            return ""
        (low, where), (high, _) = min(found), max(found)
        reached = "yes" if low >= self.least else "**no**" if high < self.least else f"in {self._share(found)}"
        figures = f"{low:.2f} {self.unit} ({where})" + (f" to {high:.2f} {self.unit}" if len(found) > 1 else "")
        return f"| {self.text} | {SHORT[kind]} | {figures} | {reached} |"

    def _cases(self, kind: str, results: Facts) -> list[Case]:
        wanted = (case for case in CASES if case[0] == kind and case[1] in self.sources and case[2] in self.formats)
        return [case for case in wanted if name_of(case) in results]

    def _share(self, found: list[tuple[float, str]]) -> str:
        return f"{sum(value >= self.least for value, _ in found)} of {len(found)}"


BASELINE = tuple(f"jpeg-{size}" for size in SIZES)
LARGE = tuple(f"jpeg-{size}" for size in SIZES if size >= 24)
PROGRESSIVE = tuple(f"progressive-{size}" for size in SIZES)
GOALS = (
    Goal("Baseline JPEG of 24 MP and more: 3 × faster than every tool on Pillow", _time, 3, "×", ON_PILLOW, LARGE),
    Goal("Baseline JPEG of 24 MP and more: in an 8th of their memory", _memory, 8, "×", ON_PILLOW, LARGE),
    Goal("Baseline JPEG of 24 MP and more: at most 0.1 dB lost to them", _encoded, -0.1, "dB", ON_PILLOW, LARGE),
    Goal("Baseline JPEG: no slower than libvips with shrink-on-load", _time, 1, "×", SHRUNK, BASELINE),
    Goal("Progressive JPEG: faster than libvips with shrink-on-load", _time, 1, "×", SHRUNK, PROGRESSIVE),
    Goal("Progressive JPEG: pixels no worse than its", _pixels, 0, "dB", SHRUNK, PROGRESSIVE),
    Goal("AVIF in: faster than libvips", _time, 1, "×", SHRUNK, ("avif-12",)),
    Goal("AVIF in: pixels no worse than its", _pixels, 0, "dB", SHRUNK, ("avif-12",)),
    Goal("AVIF out: faster than libvips", _time, 1, "×", SHRUNK, LARGE, ("AVIF",)),
    Goal("AVIF out: pixels no worse than its", _pixels, 0, "dB", SHRUNK, LARGE, ("AVIF",)),
    Goal("PNG: no slower than Pillow as usually written", _time, 1, "×", ("pillow",), ("png-24",)),
    Goal("PNG: in a quarter of its memory", _memory, 4, "×", ("pillow",), ("png-24",)),
)


def table(results: Facts) -> str:
    """The goals as Markdown: another tool's cost as a multiple of Proofsheet's, or the dB by which it is worse."""
    rows = [row for goal in GOALS for row in goal.rows(results)]
    return "\n".join(["| goal | job | least (where) to greatest | reached |", "| --- | --- | --- | --- |", *rows])
