"""Running the services of one installation: start in order, restart what dies, stop in reverse.

Knows nothing of what the services do; which there are is in standard.py.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from dnsinv.errors import ServiceError
from dnsinv.services.guardian import Guardian
from dnsinv.services.kept import Echo, Kept
from dnsinv.services.reload import code_changes
from dnsinv.services.run_lock import sole_run
from dnsinv.services.service import Service, check_ports
from dnsinv.settings import Settings

POLL_SECONDS = 0.1


def run_services(
    settings: Settings,
    services: Sequence[Service],
    *,
    stopping: threading.Event,
    echo: Echo,
    ready: Callable[[], None] | None = None,
    reload: bool = False,
) -> None:
    """Run the services until `stopping` is set; when it returns or raises, none is left.

    Handles no signals: `stop_on_signals` makes the event they set.

    Args:
        echo: takes one sentence at a time for the person in front of the terminal.
        ready: called once, when every service answers.
        reload: services that say so are started anew when the project's code changes.

    Raises:
        ServiceError: a port is taken, another run is going on, a service does not come up or dies
            again and again. The text quotes the end of its log.
    """
    root = settings.data_path

    def say(sentence: str) -> None:
        with contextlib.suppress(OSError):  # a closed terminal must not keep services from stopping
            echo(sentence)

    try:
        with sole_run(root / "locks" / "services.lock", stopping) as lock:
            check_ports(services)
            with code_changes(enabled=reload) as changed, Guardian(lock) as guardian:
                Supervisor(services, root / "logs", guardian, say, stopping, changed).run(ready)
    except OSError as error:
        raise ServiceError(f"The services cannot run in DB_PATH {root}: {error}.") from error


class Supervisor:
    """The loop over all services; one thread. `changed` is None where no code is watched."""

    def __init__(
        self,
        services: Sequence[Service],
        logs: Path,
        guardian: Guardian,
        echo: Echo,
        stopping: threading.Event,
        changed: threading.Event | None,
    ) -> None:
        self._services = services
        self._logs = logs
        self._guardian = guardian
        self._echo = echo
        self._stopping = stopping
        self._changed = changed
        self._kept: list[Kept] = []

    def run(self, ready: Callable[[], None] | None) -> None:
        """Start everything, watch it until the order to stop, stop it."""
        try:
            for service in self._services:
                self._start(service)
            self._watch_until(lambda: all(kept.is_ready for kept in self._kept))
            if ready and not self._stopping.is_set():
                ready()
            self._watch_until(lambda: False)
        finally:
            for kept in reversed(self._kept):
                self._echo(f"Stopping {kept.service.name}.")
                kept.stop()

    def _start(self, service: Service) -> None:
        if self._stopping.is_set():
            return
        self._echo(f"Starting {service.name}.")
        is_patient = self._changed is not None and service.reloads
        kept = Kept(service, self._logs, self._guardian, self._echo, is_patient=is_patient)
        self._kept.append(kept)
        if service.is_step:
            self._watch_until(kept.is_done)
            kept.stop()
            self._kept.remove(kept)
        elif service.is_awaited:
            self._watch_until(lambda: kept.is_ready)

    def _watch_until(self, is_reached: Callable[[], bool]) -> None:
        while not self._stopping.is_set():
            self._guardian.keep()
            self._start_anew_what_changed()
            for kept in self._kept:
                kept.look()
            if is_reached():
                return
            self._stopping.wait(POLL_SECONDS)

    def _start_anew_what_changed(self) -> None:
        if self._changed is None or not self._changed.is_set():
            return
        self._changed.clear()
        for kept in self._kept:
            if kept.service.reloads:
                self._echo(f"Code changed: {kept.service.name} starts anew.")
                kept.start_anew()
