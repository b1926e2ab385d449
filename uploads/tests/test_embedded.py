"""The embedded S3 server: on loopback, with data and keys that outlive it."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from config import embedded


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "s3"


def client_of(account: embedded.Account, **changed: str):
    keys = {"aws_access_key_id": account.access_key, "aws_secret_access_key": account.secret_key} | changed
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
    return boto3.client("s3", endpoint_url=account.endpoint_url, region_name=embedded.REGION, config=config, **keys)


def listening() -> dict[str, set[str]]:
    """Which addresses each process listens on, by process id, from Linux's own tables."""
    inodes = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A":  # LISTEN
                inodes[columns[9]] = columns[1].partition(":")[0]
    found = {}
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = str(path.readlink())
        except OSError:
            continue
        if target.startswith("socket:[") and (address := inodes.get(target[8:-1])):
            found.setdefault(path.parts[2], set()).add(address)
    return found


def processes_of(directory: Path) -> set[str]:
    """The ids of the processes that serve a data directory."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"-dir={directory}/data".encode() in path.read_bytes():
                found.add(path.parts[2])
        except OSError:
            continue
    return found


@contextmanager
def taken(port: int):
    """Something else listens on the port."""
    with socket.create_server(("127.0.0.1", port)):
        yield


@dataclass
class Life:
    """What was seen while a server ran twice on one directory; the second block failed."""

    directory: Path
    accounts: list[embedded.Account]
    addresses: set[str]
    refusals: list[str]
    kept: bytes
    left: list[set[str]]


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    directory = tmp_path_factory.mktemp("embedded") / "s3"
    seen = Life(directory, [], set(), [], b"", [])
    with embedded.run(directory) as account:
        seen.accounts.append(account)
        (server,) = processes_of(directory)
        seen.addresses = listening()[server]
        client_of(account).put_object(Bucket=embedded.BUCKET, Key="images/a.jpg", Body=b"pixels")
        seen.refusals = [
            refusal_of(client_of(account, aws_secret_access_key="wrong").list_objects_v2, Bucket=embedded.BUCKET),
            refusal_of(client_of(account, aws_access_key_id="wrong").list_objects_v2, Bucket=embedded.BUCKET),
            refusal_of(client_of(account).create_bucket, Bucket="another"),
        ]
    seen.left.append(processes_of(directory))
    with suppress(ZeroDivisionError), embedded.run(directory) as account:
        seen.accounts.append(account)
        seen.kept = client_of(account).get_object(Bucket=embedded.BUCKET, Key="images/a.jpg")["Body"].read()
        raise ZeroDivisionError
    seen.left.append(processes_of(directory))
    return seen


def refusal_of(call, **arguments: str) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def test_data_keys_and_the_port_survive_a_restart(life):
    assert life.accounts[0] == life.accounts[1]
    assert life.kept == b"pixels"


def test_it_listens_on_loopback_only(life):
    # 127.0.0.1 in IPv4, and in IPv6's notation for it.
    assert life.addresses
    assert life.addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_it_is_gone_after_the_block_also_when_that_fails(life):
    assert life.left == [set(), set()]
    assert list(Path("/tmp").glob(f"seaweedfs-*-{life.accounts[0].port}.sock")) == []


def test_only_the_key_opens_only_the_bucket(life):
    assert life.refusals == ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied"]


def test_a_taken_port_is_said_and_another_can_be_had(directory):
    account = embedded.account(directory)
    with taken(account.port):
        with pytest.raises(embedded.PortTaken, match=str(account.port)), embedded.run(directory):
            pass
        moved = embedded.move(directory)
    assert moved.port != account.port
    assert asdict(moved) | {"port": 0} == asdict(account) | {"port": 0}
    assert embedded.account(directory) == moved


def test_a_server_that_ends_at_once_is_said_with_its_log(directory, monkeypatch):
    monkeypatch.setattr(embedded, "_command", lambda *_: ["/bin/false"])
    with pytest.raises(embedded.EmbeddedServerError, match=r"weed\.log says why"), embedded.run(directory):
        pass


def test_keys_are_private_and_each_directory_has_its_own(directory, tmp_path):
    first, second = embedded.account(directory), embedded.account(tmp_path / "other")
    assert first.secret_key != second.secret_key
    assert oct((directory / "account.json").stat().st_mode & 0o777) == "0o600"
    assert embedded.account(directory) == first


def test_free_ports_are_free_and_different():
    ports = embedded.free_ports(20)
    assert len(set(ports)) == 20
    assert all(embedded.is_free(port) for port in ports)


def test_a_port_that_somebody_listens_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not embedded.is_free(port)
    assert embedded.is_free(port)


def test_the_server_ends_with_a_parent_that_was_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from config import embedded\n"
        "with embedded.run(Path(sys.argv[1])): print('up', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    port = embedded.account(tmp_path).port
    assert not embedded.is_free(port)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    give_up_at = time.monotonic() + 15
    while not embedded.is_free(port):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
