"""``manage.py serve``: the whole site in one command, on what it embeds."""

import fcntl
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone

from config import embedded
from uploads import lifecycle, storage

# How long requests may go on once the site was told to stop.
GRACE_SECONDS = 5
# A web server that ends sooner than this will do so again.
LEAST_SECONDS = 5

logger = logging.getLogger("uploads.serve")


class Command(BaseCommand):
    help = "Serve the site: migrate, start the embedded S3 server where no other is set, run the web server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (PORT)")
        parser.add_argument("--workers", type=int, default=settings.WORKERS, help="processes (WORKERS)")

    def handle(self, *, host: str, port: int, workers: int, **_: Any) -> None:
        if workers < 1:
            raise CommandError("--workers takes a number from 1.")
        if not 0 < port < 65536:
            raise CommandError(f"{port} is not a port: use a number from 1 to 65535.")
        if not embedded.is_free(port, host):
            raise CommandError(
                f"{host} port {port} cannot be listened on: it is in use, or not an address of this machine. "
                f"Choose another one, like this: ./run --port {port + 1}"
            )
        with ExitStack() as stack:
            stack.enter_context(_only_one(settings.VAR_DIR / "serve.lock"))
            storage.delete_abandoned(older_than=timezone.now())
            if settings.S3_EMBEDDED:
                _enter_embedded_store(stack)
            call_command("migrate", verbosity=0, interactive=False)
            self._create_first_admin()
            self.stdout.write(f"Proofsheet is at http://{host}:{port}/ (Ctrl-C stops it)")
            self.stdout.flush()
            stack.enter_context(_Sweeper())
            exit_code = _run_granian(host, port, workers)
        if exit_code:
            raise CommandError(f"The web server ended with code {exit_code}; its messages are above.")

    def _create_first_admin(self) -> None:
        """Make an admin on a site that has none; the password is shown now and never again."""
        if User.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", password=password)
        self.stdout.write(f"The first admin is “admin”, password “{password}”. It is shown only this once.")


def _run_granian(host: str, port: int, workers: int) -> int:
    """Run the web server until it ends by itself at its start, or we are told to stop; return its exit code.

    It is a process of its own, which imports nothing of ours: its workers are forked from it. It gives up when
    workers die again and again, as when memory is short for a while; then it is started anew.
    """
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"]
    command += ["--host", host, "--port", str(port), "--workers", str(workers), "--respawn-failed-workers"]
    command += ["--blocking-threads", str(settings.BLOCKING_THREADS), "--log-level", "error"]
    command += ["--workers-kill-timeout", str(GRACE_SECONDS)]
    stopping = Event()
    while True:
        started_at = time.monotonic()
        # preexec_fn: its one system call takes no lock that a thread could hold.
        server = subprocess.Popen(command, start_new_session=True, preexec_fn=embedded.end_with_parent)  # noqa: PLW1509
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, partial(_stop, server, stopping))
        code = server.wait()
        _end_workers(server.pid)
        if stopping.is_set() or code == 0 or time.monotonic() - started_at < LEAST_SECONDS:
            return 0 if stopping.is_set() else code
        logger.error("The web server ended with code %d; it is started anew.", code)


def _end_workers(group: int) -> None:
    """End what the web server left: killed itself, it takes no worker along, and they would go on answering."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _stop(server: "subprocess.Popen[bytes]", stopping: Event, *_: Any) -> None:
    stopping.set()
    server.terminate()


class _Sweeper:
    """A thread that sweeps every so many seconds."""

    def __init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=self._run, name="sweeper", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(settings.UPLOADS_SWEEP_SECONDS):
            try:
                lifecycle.sweep()
            except (DatabaseError, OSError, RuntimeError, ValueError):
                logger.exception("A sweep failed; the next one tries again.")
            finally:
                connection.close()


def _only_one(path: Path) -> Any:
    """Hold the lock of a data directory: two sites must not share one."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise CommandError(f"Another site runs on {path.parent}. Stop it, or set VAR_DIR.") from None
    return file


def _enter_embedded_store(stack: ExitStack) -> None:
    try:
        stack.enter_context(embedded.run(settings.S3_EMBEDDED_DIR))
    except embedded.PortTaken:
        # Settings are read at start and name the port: take another and start over.
        embedded.move(settings.S3_EMBEDDED_DIR)
        os.execv(sys.executable, [sys.executable, *sys.argv])
    except embedded.EmbeddedServerError as error:
        raise CommandError(str(error)) from error
