"""One service that is kept alive: looked at often, restarted when it dies, given up in the end."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from dnsinv.errors import ServiceError
from dnsinv.services.guardian import Guardian
from dnsinv.services.process import Process
from dnsinv.services.service import Service

log = logging.getLogger(__name__)

Echo = Callable[[str], None]

NEVER = float("inf")


class Kept:
    """From its first start to its stop; nothing here waits, except for a service to end.

    With `is_patient` it is not given up but waits for `start_anew`: somebody is editing its code.
    """

    def __init__(
        self, service: Service, logs: Path, guardian: Guardian, echo: Echo, *, is_patient: bool
    ) -> None:
        self.service = service
        self.is_ready = False
        self._logs = logs
        self._guardian = guardian
        self._echo = echo
        self._is_patient = is_patient
        self._has_been_ready = False
        self._deaths = 0
        self._restart_at: float | None = None
        self._left_behind: list[Process] = []
        self._process = Process(service, logs, guardian)

    def is_done(self) -> bool:
        """Whether a step has come to its end.

        Raises:
            ServiceError: it failed.
        """
        if self._process.exit_code:
            raise self._error(self._process.fate)
        return self._process.exit_code == 0

    def look(self) -> None:
        """See how it is and do what follows from that.

        Raises:
            ServiceError: it does not come up, or is given up.
        """
        self._left_behind = [process for process in self._left_behind if not process.is_over]
        if self.service.is_step:
            if self._age > self.service.ready_within:
                raise self._error(f"did not end within {self.service.ready_within:g} s")
        elif self._restart_at is not None:
            if time.monotonic() >= self._restart_at:
                self._run()
        elif self._process.exit_code is not None:
            self._died(self._process.fate)
        elif not self.is_ready:
            self._probe()
        elif self._age > self.service.patience.settled:
            self._deaths = 0

    def start_anew(self) -> None:
        """End it and start it, without counting that as a death."""
        self._process.stop()
        self._deaths = 0
        self._run()

    def stop(self) -> None:
        """End it and whatever its earlier runs left behind."""
        for process in (self._process, *self._left_behind):
            if not process.stop():
                self._echo(f"{self.service.name} did not stop in time and was killed.")

    def _run(self) -> None:
        self._restart_at = None
        self.is_ready = False
        self._process = Process(self.service, self._logs, self._guardian)

    def _probe(self) -> None:
        service = self.service
        if service.is_ready():
            if self._process.exit_code is None:  # else it was another program that answered
                self.is_ready = self._has_been_ready = True
                if service.place:
                    self._echo(f"{service.name} answers on {service.place}.")
        elif self._age > service.ready_within:
            self._died(
                f"does not answer on {service.place} ({service.port_setting}) "
                f"after {service.ready_within:g} s"
            )

    def _died(self, how: str) -> None:
        patience = self.service.patience
        log.info("service died name=%s how=%s", self.service.name, how)
        if not self._has_been_ready and not self._is_patient:
            raise self._error(how)
        self._deaths = 1 if self._age > patience.settled else self._deaths + 1
        self._leave_behind()
        if self._deaths < patience.gives_up_after:
            delay = patience.delay(self._deaths)
            self._restart_at = time.monotonic() + delay
            self._echo(f"{self.service.name} {how}; it is restarted in {delay:g} s.")
        elif self._is_patient:
            self._restart_at = NEVER
            self._echo(f"{self.service.name} {how}; it waits for the next change of the code.")
        else:
            raise self._error(f"{how}, {self._deaths} times in a row now, and is given up")

    def _leave_behind(self) -> None:
        """What a dead service has started goes on (collections do); it is ended with the rest."""
        if self._process.exit_code is None:
            self._process.stop()
        elif not self._process.is_over:
            self._left_behind.append(self._process)

    @property
    def _age(self) -> float:
        return time.monotonic() - self._process.started

    def _error(self, how: str) -> ServiceError:
        return ServiceError(f"The {self.service.name} {how}. {self._process.last_words()}")
