"""Draw the crop job: each tool's time and peak memory."""

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.peers import PEERS
from benchmarks.sources import SIZES, SOURCES

# Replaced in the file by the colour of text, which follows the reader's light or dark setting.
INK = "#010203"
SCHEME = "<style>svg{color:#1f2328}@media (prefers-color-scheme:dark){svg{color:#e6edf3}}</style>"
# In order of the cases of a row of panels; each is at least three times as bright or dark as a white or black page.
MARKS = (("o", "#c77700"), ("D", "#2f81d7"), ("s", "#1a9b6c"), ("^", "#c2559f"), ("v", "#d14b3a"))
GROUPS = {
    "Baseline JPEG": [f"crop/jpeg-{size}/JPEG" for size in SIZES],
    "Progressive JPEG": [f"crop/progressive-{size}/JPEG" for size in SIZES],
    "Other formats": [
        *(f"crop/{source}/JPEG" for source in ("png-24", "webp-12", "avif-12")),
        *(f"crop/jpeg-24/{name}" for name in ("WEBP", "AVIF")),
    ],
}
SETTINGS = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "proofsheet",  # the same figures give the same file
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(results: dict[str, Any], target: Path) -> None:
    """Draw what was measured, as ``results.json`` has its cases, into an SVG file."""
    groups = {title: [name for name in names if name in results] for title, names in GROUPS.items()}
    groups = {title: names for title, names in groups.items() if names}
    if not groups:
        return
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(10.5, 3.3 * len(groups)), layout="constrained")
        rows = figure.subplots(len(groups), 2, squeeze=False, sharey="row")
        for (title, names), (times, memory) in zip(groups.items(), rows, strict=True):
            _panel(times, results, names, "ratio", f"{title}: time, Proofsheet = 1")
            _panel(memory, results, names, "mb", f"{title}: peak memory, MB")
            times.get_yticklabels()[0].set_fontweight("bold")  # Proofsheet
            times.axvline(1, color=INK, linewidth=0.8, linestyle=":")
            memory.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    svg = target.read_text().replace(INK, "currentColor")
    target.write_text(svg.replace("<defs>", f"{SCHEME}<defs>", 1))


def _panel(axes: Axes, results: dict[str, Any], names: list[str], key: str, title: str) -> None:
    """A row for each tool, a mark for each case, from zero."""
    tools = [name for name in names for name in results[name]["tools"]]
    peers = [peer for peer in PEERS if peer in tools]
    farthest = [max(results[name]["tools"].get(peer, {key: 0})[key] for name in names) for peer in peers]
    axes.hlines(range(len(peers)), 0, farthest, color="#8c959f", linewidth=0.8, zorder=1)
    for name, (shape, colour) in zip(names, MARKS, strict=False):
        measured = results[name]["tools"]
        found = [(measured[peer][key], row) for row, peer in enumerate(peers) if peer in measured]
        axes.scatter(*zip(*found, strict=True), marker=shape, color=colour, s=28, zorder=2, label=_label(name))
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
    axes.set_yticks(range(len(peers)), [PEERS[peer].label.strip("*").replace("`", "") for peer in peers])
    axes.set_ylim(len(peers) - 0.5, -0.5)
    axes.set_xlim(left=0, right=1.06 * max(farthest))
    axes.spines[["top", "right"]].set_visible(False)


def _label(name: str) -> str:
    _, source, out = name.split("/")
    made = "" if out == "JPEG" else f" → {out.replace('WEBP', 'WebP')}"
    return SOURCES[source][0].removeprefix("progressive ") + made
