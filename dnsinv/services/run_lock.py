"""One run of the services per DB_PATH."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnsinv.errors import ServiceError

CLEANED_WITHIN = 90.0  # what a guardian may need to end the services of a killed run
POLL_SECONDS = 0.1


@contextmanager
def sole_run(path: Path, stopping: threading.Event) -> Iterator[int]:
    """Hold the lock file; gives its descriptor, by which a guardian shares the lock.

    Where the last run was killed and its guardian is still ending the services, waits for it.

    Raises:
        ServiceError: another run is going on.
        OSError: the folder is not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + CLEANED_WITHIN
        while not _taken(lock):
            holder = _holder(lock)
            if _is_running(holder) or time.monotonic() >= deadline or stopping.is_set():
                raise ServiceError(
                    f"The services of {path.parents[1]} are running already (process {holder}): "
                    "stop them first, or set DB_PATH to another folder. Nothing was started."
                )
            stopping.wait(POLL_SECONDS)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _holder(lock: int) -> int:
    return int(os.pread(lock, 20, 0) or b"0")


def _is_running(pid: int) -> bool:
    if not pid:
        return True  # it holds the lock and has not written yet who it is
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
