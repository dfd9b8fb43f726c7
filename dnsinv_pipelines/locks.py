"""The engine's lock of one account, seen from outside: who holds it is collecting."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dnsinv.errors import Busy


def is_collecting(locks: Path, account: str) -> bool:
    """Whether a process collects the account right now, under Dagster or on the command line."""
    try:
        with without_collection(locks, account):
            return False
    except Busy:
        return True


@contextmanager
def without_collection(locks: Path, account: str, patience_seconds: float = 0) -> Iterator[None]:
    """Keep the account from being collected meanwhile.

    Raises:
        Busy: it is being collected, and that took longer than one's patience.
    """
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"account-{account}.lock")
    try:
        lock.acquire(timeout=patience_seconds)
    except Timeout:
        raise Busy(
            f"The account {account} is being collected; try again when that has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()
