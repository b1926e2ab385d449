"""The site as ``./run`` serves it, for tests that drive it from outside."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from config import embedded

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 60


class Site:
    """The site, running; tests see what a person sees, and the bucket."""

    def __init__(
        self, url: str, var_dir: Path, process: "subprocess.Popen[bytes]", environment: dict[str, str]
    ) -> None:
        self.url = url
        self.var_dir = var_dir
        self.process = process
        self.environment = environment

    def keys(self) -> list[str]:
        """The keys of all objects."""
        return [each["Key"] for each in self._client.list_objects_v2(Bucket=embedded.BUCKET).get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        body: bytes = self._client.get_object(Bucket=embedded.BUCKET, Key=key)["Body"].read()
        return body

    def draft_files(self) -> list[str]:
        """The names of all files that drafts and uploads have."""
        folders = [self.var_dir / name for name in ("memory", "drafts", "incoming")]
        return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]

    def manage(self, *arguments: str) -> None:
        """Run ``manage.py`` on this site."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=self.environment, check=True)

    @property
    def _client(self) -> Any:
        account = json.loads((self.var_dir / "s3" / "account.json").read_text())
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{account['port']}",
            region_name=embedded.REGION,
            aws_access_key_id=account["access_key"],
            aws_secret_access_key=account["secret_key"],
        )


@contextmanager
def running_site(
    var_dir: Path, variables: Mapping[str, str] | None = None, *, within: Sequence[str] = ()
) -> Iterator[Site]:
    """Serve the site from a data directory until the block ends; ``within`` is a command that runs its command."""
    port = embedded.free_ports(1)[0]
    environment = {**os.environ, "VAR_DIR": str(var_dir), "UPLOADS_MEMORY_DIR": str(var_dir / "memory")}
    environment |= variables or {}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "collectstatic", "--no-input", "-v0"], cwd=REPOSITORY, env=environment, check=True)
    command = [*within, *manage, "serve", "--port", str(port), "--workers", "2"]
    with (var_dir / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/", process, var_dir / "serve.log")
        yield Site(f"http://127.0.0.1:{port}", var_dir, process, environment)
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"The site did not start:\n{log.read_text()}")
