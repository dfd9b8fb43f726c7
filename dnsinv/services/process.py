"""One run of one service: a child that leads its own session, with its log."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from dnsinv.services.groups import end, is_alive
from dnsinv.services.guardian import Guardian
from dnsinv.services.logs import last_lines, rotate
from dnsinv.services.service import Service

# A child becomes the service when it gets its first line, and ends when the pipe closes before: so
# there is no moment in which it runs and the guardian does not know it.
GATE = 'read -r _ && exec "$@"'

# Without .pyc files each Dagster process takes twice as long to start.
UNWANTED = frozenset({"PYTHONDONTWRITEBYTECODE"})


class Process:
    """A started service; signals of the terminal do not reach it."""

    def __init__(self, service: Service, folder: Path, guardian: Guardian) -> None:
        self.service = service
        self.log = folder / f"{service.name}.log"
        self.started = time.monotonic()
        self._guardian = guardian
        self._is_gone = False
        self._log_start = rotate(self.log)
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603 - commands are ours
                ["/bin/sh", "-c", GATE, "sh", *service.command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(service),
                start_new_session=True,
            )
        guardian.watch(self.pid)
        assert self._child.stdin
        with contextlib.suppress(OSError):  # it died at once: `exit_code` says so
            self._child.stdin.write(b"\n")
            self._child.stdin.close()

    @property
    def pid(self) -> int:
        """Its process id, which is its group's, too."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._child.poll()

    @property
    def is_over(self) -> bool:
        """Whether it and everything it started is gone."""
        if not self._is_gone and self._child.poll() is not None and not is_alive(self.pid):
            self._forget()
        return self._is_gone

    @property
    def fate(self) -> str:
        """How it ended, in words."""
        code = self._child.poll()
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def stop(self) -> bool:
        """End it and everything it started; False where it had to be killed."""
        if self.is_over:
            return True
        went = end(self.pid, self.service.stop_within)
        self._child.poll()
        self._forget()
        return went

    def last_words(self) -> str:
        """The end of its log as a continuation of an error's sentence."""
        lines = last_lines(self.log, self._log_start)
        return f"Its log {self.log} ends:\n{lines}" if lines else f"Its log {self.log} is empty."

    def _forget(self) -> None:
        self._is_gone = True  # the number may be another group's from now on
        self._guardian.forget(self.pid)


def _environment(service: Service) -> dict[str, str]:
    inherited = os.environ  # noqa: TID251 - handed on as it is, nothing is read from it
    kept = {name: value for name, value in inherited.items() if name not in UNWANTED}
    return kept | dict(service.environment)
