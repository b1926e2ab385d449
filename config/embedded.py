"""The embedded S3 server: SeaweedFS from PyPI, one process, on loopback, for development and tests.

``account()`` names the server that a data directory has, so that settings can point at it;
``run()`` starts it. Data, keys and the port outlive restarts.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CDLL
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGTERM

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "media"
REGION = "us-east-1"
START_SECONDS = 20
PR_SET_PDEATHSIG = 1


class EmbeddedServerError(Exception):
    """The server did not start; the message says where its log is."""


class PortTaken(EmbeddedServerError):
    """Something else listens on the port that was used before."""


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach the server: loopback ``port`` and the one key pair, which may use the one bucket."""

    port: int
    access_key: str
    secret_key: str

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def account(directory: Path) -> Account:
    """Read the account of a data directory, or make one with new keys and a free port."""
    text = read_or_write(
        directory / "account.json",
        lambda: _as_json(Account(free_ports(1)[0], secrets.token_hex(10), secrets.token_urlsafe(30))),
    )
    return Account(**json.loads(text))


def read_or_write(path: Path, make: Callable[[], str]) -> str:
    """A private file's text; made first if there is none. Processes that start at once get the same."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
        _write_private(draft, make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    return path.read_text()


def move(directory: Path) -> Account:
    """Give the account another free port."""
    old = account(directory)
    moved = Account(free_ports(1)[0], old.access_key, old.secret_key)
    _write_private(directory / "account.json", _as_json(moved))
    return moved


@contextmanager
def run(directory: Path) -> Iterator[Account]:
    """Serve a data directory until the block ends.

    Raises:
        PortTaken: the account's port is in use; ``move()`` chooses another.
        EmbeddedServerError: the server ended or did not answer within 20 seconds.
    """
    owner = account(directory)
    if not is_free(owner.port):
        raise PortTaken(f"Port {owner.port} of the embedded S3 server is in use.")
    log_path = directory / "weed.log"
    command = _command(directory, owner)
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C reaches our process alone, which then stops this one in order.
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, which takes no lock
        )
    try:
        _wait_for_bucket(server, owner, log_path)
        yield owner
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        _remove_sockets(command)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def end_with_parent() -> None:
    """For ``preexec_fn``: let the kernel stop the new process when its parent dies, however it dies (Linux)."""
    if sys.platform == "linux":
        CDLL(None).prctl(PR_SET_PDEATHSIG, SIGTERM)


def _command(directory: Path, owner: Account) -> list[str]:
    data, logs = directory / "data", directory / "logs"
    for path in (data, logs):
        path.mkdir(parents=True, exist_ok=True)
    actions = [f"{verb}:{BUCKET}" for verb in ("Read", "Write", "List", "Tagging")]
    credentials = [{"accessKey": owner.access_key, "secretKey": owner.secret_key}]
    identities = {"identities": [{"name": "site", "credentials": credentials, "actions": actions}]}
    _write_private(directory / "s3.json", json.dumps(identities))
    names = ["admin.port", "admin.port.grpc", "s3.port.grpc", "master.port", "master.port.grpc"]
    names += ["volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"]
    ports = [f"-{name}={port}" for name, port in zip(names, free_ports(len(names)), strict=True)]
    return [
        str(Path(sys.executable).with_name("weed")),
        f"-logdir={logs}",
        "mini",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
        "-disableHttp",
        f"-s3.port={owner.port}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        f"-s3.config={directory / 's3.json'}",
        f"-bucket={BUCKET}",
        *ports,
    ]


def _wait_for_bucket(server: subprocess.Popen[bytes], owner: Account, log_path: Path) -> None:
    """Return when the bucket is there: the port answers earlier."""
    client = boto3.client(
        "s3",
        endpoint_url=owner.endpoint_url,
        region_name=REGION,
        aws_access_key_id=owner.access_key,
        aws_secret_access_key=owner.secret_key,
        config=Config(connect_timeout=1, read_timeout=2, retries={"max_attempts": 0}),
    )
    give_up_at = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < give_up_at:
        try:
            client.head_bucket(Bucket=BUCKET)
            return
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
    raise EmbeddedServerError(f"The embedded S3 server did not start; {log_path} says why.")


def free_ports(count: int) -> list[int]:
    """Some ports that nobody has just now, below 32768: outgoing connections do not take those."""
    ports: list[int] = []
    while len(ports) < count:
        port = 20_000 + secrets.randbelow(12_000)
        if port not in ports and is_free(port):
            ports.append(port)
    return ports


def _remove_sockets(command: list[str]) -> None:
    """Remove the local sockets, named by port, that SeaweedFS leaves behind."""
    for argument in command:
        if ".port" in argument:
            for path in Path("/tmp").glob(f"seaweedfs-*-{argument.rpartition('=')[2]}.sock"):  # noqa: S108
                path.unlink(missing_ok=True)


def _as_json(owner: Account) -> str:
    return json.dumps(asdict(owner))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
