"""Run decoders on untrusted pictures in child processes with limits on memory, time and files.

A child is given a function, paths and values. It knows neither Django nor the database, has
none of the parent's sockets, and may crash: that refuses one picture and nothing else.
"""

import logging
import multiprocessing
import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import BoundedSemaphore, Lock
from typing import Any, Generic, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from uploads.errors import FULL, BrokenPicture, DecoderBusy, DraftFileLost, DraftStorageFull, UploadsError

P = ParamSpec("P")
R = TypeVar("R")

MAX_MEMORY_BYTES = 2 * 1024**3
MAX_CPU_SECONDS = 10
MAX_OPEN_FILES = 32
MAX_WAITING = 16

logger = logging.getLogger(__name__)


class Sandbox:
    """A pool of child processes: so many at work, a few more waiting, the others told to come again.

    ``workers`` is how many pictures are worked on at once, ``seconds`` how long one may take by the wall clock.
    """

    def __init__(self, *, workers: int, seconds: int) -> None:
        self._workers, self._seconds = workers, seconds
        self._places = BoundedSemaphore(workers + MAX_WAITING)
        # One child stays for the calls of those who wait for an answer.
        self._patient = BoundedSemaphore(workers - 1)
        self._renewing = Lock()
        self._pool = self._new_pool()

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call an importable function in a child and return what it returned.

        Raises:
            UploadsError: whichever the function raised.
            BrokenPicture: it raised anything else, ran out of memory or time, or crashed.
            DecoderBusy: as many calls as may wait are waiting, or the children had to be started anew.
        """
        if not self._places.acquire(blocking=False):
            raise DecoderBusy()
        pool = self._pool
        try:
            with self._reasons(pool):
                future = pool.schedule(_call, args=(function, args, kwargs), timeout=self._seconds)
                result: R = future.result()
                return result
        finally:
            self._places.release()

    def begin(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Begun[R] | None":
        """Begin a call that waits for something else meanwhile, as for an upload to arrive; None if no child is free.

        All calls of this kind together leave one child for ``run``.
        """
        if not self._patient.acquire(blocking=False):
            return None
        pool = self._pool
        try:
            future = pool.schedule(_call, args=(function, args, kwargs), timeout=self._seconds)
        except RuntimeError:
            self._patient.release()
            return None
        future.add_done_callback(lambda _: self._patient.release())
        return Begun(future, lambda: self._reasons(pool))

    @contextmanager
    def _reasons(self, pool: ProcessPool) -> Iterator[None]:
        try:
            yield
        except BrokenPicture as error:
            logger.info("A picture was refused: %s", error.evidence.get("cause", "broken"))
            raise
        except (FutureTimeoutError, ProcessExpired) as error:
            logger.warning("A picture was refused: its decoder did not finish (%r).", error)
            raise BrokenPicture() from error
        except (RuntimeError, CancelledError) as error:
            logger.warning("The sandbox's processes ended; they are started anew (%r).", error)
            self._renew(pool)
            raise DecoderBusy() from error

    def _new_pool(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["uploads.imaging.render"])
        return ProcessPool(max_workers=self._workers, initializer=_limit_process, context=context)

    def _renew(self, broken: ProcessPool) -> None:
        with self._renewing:
            if self._pool is broken:
                self._pool = self._new_pool()


class Begun(Generic[R]):
    """A call that a child works on."""

    def __init__(self, future: Future[R], reasons: Callable[[], AbstractContextManager[None]]) -> None:
        self._future, self._reasons = future, reasons

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def result(self) -> R:
        """Wait for what the function returns.

        Raises:
            UploadsError, BrokenPicture, DecoderBusy: as ``Sandbox.run()``.
        """
        with self._reasons():
            return self._future.result()


@cache
def sandbox(*, workers: int, seconds: int) -> Sandbox:
    """The one sandbox of this process, started at its first use."""
    return Sandbox(workers=workers, seconds=seconds)


def _limit_process() -> None:
    """Give up, for the whole life of this child, what a decoder does not need."""
    os.environ.clear()  # the keys of the site among them
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The boundary: whatever a decoder throws at a hostile file becomes one refusal."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + MAX_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    try:
        return function(*args, **kwargs)
    except UploadsError:
        raise
    except FileNotFoundError:
        raise DraftFileLost() from None
    except OSError as error:
        raise (DraftStorageFull() if error.errno in FULL else BrokenPicture(cause=repr(error))) from None
    except Exception as error:
        # MemoryError among them. The text is for the log: it names library internals.
        raise BrokenPicture(cause=repr(error)) from None
