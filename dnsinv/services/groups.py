"""Process groups: every service leads one, and whatever it starts is in it.

Standard library only: the guardian imports this.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

POLL_SECONDS = 0.05
KILL_SECONDS = 5.0  # how long the kernel may take to end what was killed


def is_alive(group: int) -> bool:
    """Whether any process of the group is left; the dead that nobody has collected do not count.

    In containers process 1 often collects orphans late or never.
    """
    try:
        os.killpg(group, 0)
    except (
        ProcessLookupError,
        PermissionError,
    ):  # macOS answers EPERM where only the dead are left
        return False
    if sys.platform != "linux":
        return True
    return any(_is_living_member(stat, group) for stat in Path("/proc").glob("[0-9]*/stat"))


def end(group: int, within: float) -> bool:
    """Ask the group to end and kill what is left after so many seconds; False where it had to."""
    _send(group, signal.SIGTERM)
    if _is_gone(group, within):
        return True
    _send(group, signal.SIGKILL)
    _is_gone(group, KILL_SECONDS)
    return False


def _send(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _is_gone(group: int, within: float) -> bool:
    never = threading.Event()
    deadline = time.monotonic() + within
    while is_alive(group):
        if time.monotonic() >= deadline:
            return False
        never.wait(POLL_SECONDS)
    return True


def _is_living_member(stat: Path, group: int) -> bool:
    try:
        state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
    except OSError:  # it has just gone
        return False
    return int(its_group) == group and state not in "ZX"
