"""axe-core: the rules of WCAG that a machine can check."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


def findings(page: Page) -> list[dict[str, Any]]:
    """What axe finds on the page: each rule that is broken, with the places."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        {"rule": each["id"], "impact": each["impact"], "at": [node["html"][:120] for node in each["nodes"]]}
        for each in result["violations"]
    ]
