"""Django's own tests of uploads, requests and CSRF pass with the site's upload handlers, but for contradictions."""

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import django
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SUITES = ["file_uploads", "requests_tests", "csrf_tests"]

BASE64 = "Django decodes base64 parts; here they are refused, since no browser sends them (RFC 7578, section 4.7)."
CUT = "Django takes a body that is cut short for a form without its last file; here it is refused."
CONTRADICTED = {
    "test_base64_invalid_upload": BASE64,
    "test_base64_upload": BASE64,
    "test_big_base64_newlines_upload": BASE64,
    "test_big_base64_upload": BASE64,
    "test_base64_invalid_encoding": BASE64,
    "test_multipart_file_upload_base64_truncated": BASE64,
    "test_multipart_file_upload_base64_whitespace_heavy": BASE64,
    "test_multipart_post_field_with_base64": BASE64,
    "test_multipart_post_field_with_invalid_base64": BASE64,
    "test_truncated_multipart_handled_gracefully": CUT,
}
if os.getuid() == 0:
    CONTRADICTED["test_readonly_root"] = "To root no directory is read-only; it fails with Django's handlers too."


def test_djangos_own_tests_pass_with_these_handlers(tmp_path: Path) -> None:
    archive = REPOSITORY / "var" / "django" / f"django-{django.__version__}.tar.gz"
    if not archive.exists():
        pytest.fail(f"{archive} is missing; ./test fetches it (tests/django.txt).")
    with tarfile.open(archive) as source:
        source.extractall(tmp_path, filter="data")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    environment["PYTHONPATH"] = str(REPOSITORY)
    command = [sys.executable, "-W", "ignore", "runtests.py", "--settings=tests.conformance.django_settings"]
    suites = tmp_path / f"django-{django.__version__}" / "tests"
    done = subprocess.run(
        [*command, "--parallel=1", *SUITES], cwd=suites, env=environment, capture_output=True, text=True, check=False
    )
    counted = re.search(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    assert counted, done.stderr
    assert int(counted[1]) > 250
    assert set(re.findall(r"^(?:ERROR|FAIL): (\w+)", done.stderr, re.MULTILINE)) == set(CONTRADICTED), done.stderr
