"""A small process that ends the services when the supervisor itself is gone, however it went.

It reads from a pipe which groups exist; when the pipe closes it ends those that are left. Unlike
PR_SET_PDEATHSIG this reaches what the services have started, too, and works on every POSIX system.
It also keeps the run's lock until all is cleaned up, so that the next `up` finds a clean house.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from dnsinv.services.groups import KILL_SECONDS, end

GRACE_SECONDS = 10.0  # for each group, when the supervisor is gone


class Guardian:
    """The supervisor's end of it; started anew should somebody kill it."""

    def __init__(self, lock: int) -> None:
        self._lock = lock
        self._groups: dict[int, None] = {}
        self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, group: int) -> None:
        """From now on the group ends with the supervisor."""
        self._groups[group] = None
        self._tell(f"+{group}")

    def forget(self, group: int) -> None:
        """The group is gone."""
        self._groups.pop(group, None)
        self._tell(f"-{group}")

    def keep(self) -> None:
        """See that it is still there."""
        if self._process.poll() is not None:
            self._hang_up()
            self._process = self._start()
            for group in self._groups:
                self._tell(f"+{group}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS + KILL_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dnsinv.services.guardian"],
            cwd=Path(__file__).parents[2],  # where the package is found in a checkout, too
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[self._lock],
            start_new_session=True,
        )

    def _hang_up(self) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):  # what it was not told it cannot be told any more
            self._process.stdin.close()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it died: `keep` tells the next one everything
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()


def guard(lines: Iterable[str]) -> None:
    """Follow the supervisor's lines ("+group", "-group") to their end, then end what is left."""
    groups: dict[int, None] = {}
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups[group] = None
        else:
            groups.pop(group, None)
    for group in reversed(groups):
        end(group, GRACE_SECONDS)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the supervisor has
    guard(sys.stdin)
