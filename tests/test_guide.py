"""Every example of docs/how-an-upload-travels.md prints what the guide says that it prints."""

import gc
import re
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from django.conf import global_settings
from django.test import override_settings

GUIDE = Path(__file__).parent.parent / "docs" / "how-an-upload-travels.md"
EXAMPLE = re.compile(r"^```python\n(?P<code>.*?)^```\n\n```text\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[object]:
    """Each example's code, moved down to its line in the guide so that a traceback names that, and its output."""
    text, found = GUIDE.read_text(), []
    for match in EXAMPLE.finditer(text):
        lines_before = text.count("\n", 0, match.start("code"))
        code = "\n" * lines_before + match["code"]
        found.append(pytest.param(code, match["output"], id=f"line {lines_before + 1}"))
    return found


def djangos_own_settings() -> override_settings:
    """The settings that the guide's command gives a reader, not this site's."""
    names = [
        name for name in dir(global_settings) if name.startswith(("CACHES", "CSRF_", "DATA_UPLOAD_", "FILE_UPLOAD_"))
    ]
    return override_settings(**{name: getattr(global_settings, name) for name in names})


@pytest.mark.parametrize(("code", "output"), examples())
def test_an_example_prints_what_the_guide_says(code, output, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    printed = StringIO()
    with djangos_own_settings(), redirect_stdout(printed):
        exec(compile(code, GUIDE, "exec"), {"__name__": "example"})
    assert printed.getvalue() == output
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_every_python_block_is_an_example():
    assert GUIDE.read_text().count("\n```python\n") == len(examples()) > 20
