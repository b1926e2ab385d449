"""Write what was measured into README.md, and draw chart.svg.

    python -m benchmarks.report

Both are left as they are, and the tables printed, unless every case was measured with all of its rounds.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from benchmarks import chart, goals, sandbox
from benchmarks.peers import PEERS
from benchmarks.render import CASES, JOBS, RESULTS, name_of, rounds_of
from benchmarks.sources import FOLDER, SOURCES

HERE = Path(__file__).parent
CHART = "chart.svg"
Facts = dict[str, Any]


def tables(results: Facts) -> str:
    """What was measured, as Markdown."""
    parts = []
    for kind, title in JOBS.items():
        cases = [case for case in CASES if case[0] == kind and name_of(case) in results]
        if not cases:
            continue
        parts.append(f"### {title}")
        heads = [SOURCES[source][0] + ("" if out == "JPEG" else f" → {out}") for _, source, out in cases]
        for note, cell in (
            ("Time as a multiple of Proofsheet's · peak memory", _cost),
            ("Faithfulness in dB: pixels / after encoding · file", _faithfulness),
            ("Processor time as a multiple of Proofsheet's", _cpu),
        ):
            lines = [f"| | {' | '.join(heads)} |", f"|{' --- |' * (len(heads) + 1)}"]
            for peer, (label, *_) in PEERS.items():
                cells = [cell(peer, results[name_of(case)]["tools"].get(peer)) for case in cases]
                if any(each != "–" for each in cells):
                    lines.append(f"| {label} | {' | '.join(cells)} |")
            parts += [f"{note}:", "\n".join(lines)]
    return "\n\n".join(parts)


def _cost(peer: str, facts: Facts | None) -> str:
    if facts is None:
        return "–"
    taken = f"{facts['ms']:.0f} ms" if peer == "proofsheet" else f"{facts['ratio']:.2f} ×"
    return f"{taken} · {facts['mb']:.0f} MB"


def _cpu(_: str, facts: Facts | None) -> str:
    return "–" if facts is None else f"{facts['cpu']:.2f} ×"


def _faithfulness(_: str, facts: Facts | None) -> str:
    if facts is None:
        return "–"
    pixels, encoded = (_decibels(facts[key]) for key in ("pixels", "encoded"))
    return f"{pixels} / {encoded} · {facts['bytes'] / 1000:.0f} KB"


def _decibels(value: float | None) -> str:
    return "–" if value is None else "exact" if value == float("inf") else f"{value:.2f}"


def missing(results: Facts) -> list[str]:
    """The cases that were not measured, or with fewer rounds than the README speaks of."""
    rounds = {name: facts["rounds"] for name, facts in results.items()}
    return [name_of(case) for case in CASES if rounds.get(name_of(case), 0) < rounds_of(case)]


def fill(text: str, sections: dict[str, str]) -> str:
    """A Markdown text with what stands between the markers of each section exchanged."""
    for name, content in sections.items():
        pattern = rf"(<!-- {name}: made by benchmarks/run -->\n).*?(<!-- end of {name} -->)"
        text, count = re.subn(pattern, lambda found, c=content: f"{found[1]}{c}\n{found[2]}", text, flags=re.DOTALL)
        assert count == 1, f"README.md has no markers for {name}"
    return text


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if not RESULTS.exists():
        raise SystemExit("Nothing was measured yet: benchmarks/run does it.")
    stored = json.loads(RESULTS.read_text())
    results, lacking = stored["cases"], missing(stored["cases"])
    loads = [facts["load"] for facts in results.values()]
    load = f"Load while measuring: {min(loads):.1f} to {max(loads):.1f}, the measured process included."
    sections = {"machine": f"{stored['machine']}. {load}", "goals": goals.table(results), "tables": tables(results)}
    if sandbox.RESULT.exists():
        sections["sandbox"] = sandbox.RESULT.read_text().strip()
    if lacking:
        print("\n\n".join(sections.values()))
        chart.draw(results, FOLDER / CHART)
        print(
            f"README.md and its chart stay as they are: {len(lacking)} of {len(CASES)} cases were not measured, "
            f"or in too few rounds. The chart of the others is {FOLDER / CHART}.",
            file=sys.stderr,
        )
        return
    readme = HERE / "README.md"
    readme.write_text(fill(readme.read_text(), sections))
    chart.draw(results, HERE / CHART)
    print(f"Written: {readme} and {HERE / CHART}.")


if __name__ == "__main__":
    main()
