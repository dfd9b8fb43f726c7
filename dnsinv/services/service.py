"""What a service is: a command, the port it answers on, and how patient to be with it."""

import http.client
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dnsinv.errors import ServiceError

HOST = "127.0.0.1"
PROBE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a service that dies is restarted: after `first` seconds, then twice as long each time.

    A service that dies `gives_up_after` times in a row, each within `settled` seconds of its start,
    is given up.
    """

    first: float = 1.0
    longest: float = 30.0
    settled: float = 60.0
    gives_up_after: int = 5

    def delay(self, deaths: int) -> float:
        """Seconds to wait after so many quick deaths in a row."""
        return min(self.first * 2.0 ** (deaths - 1), self.longest)


@dataclass(frozen=True, slots=True)
class Service:
    """One process of an installation.

    It is ready when it answers an HTTP GET of `ready_path` with anything, without a path when its
    `port` accepts a connection, without a port once it runs. `port_setting` is the variable that
    changes the port. A step runs once, to its end, within `ready_within` seconds. The next service
    starts when this one is ready, or at once where it is not awaited. One that `reloads` is started
    anew when the project's code changes.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    port_setting: str = ""
    ready_path: str = ""
    is_step: bool = False
    is_awaited: bool = True
    reloads: bool = False
    ready_within: float = 120.0
    stop_within: float = 15.0
    patience: Patience = Patience()

    @property
    def place(self) -> str:
        """Where it answers, for people; "" where it has no port."""
        return f"{HOST}:{self.port}" if self.port else ""

    def is_ready(self) -> bool:
        """Whether it answers now; waits a second for that at most."""
        if not self.port:
            return True
        if not self.ready_path:
            return _accepts(self.port)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", self.ready_path)
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True


def check_ports(services: Sequence[Service]) -> None:
    """Nothing, when every port can be had.

    Raises:
        ServiceError: two services are set to the same port, or a port is taken; names all of them.
    """
    troubles = []
    owners: dict[int, Service] = {}
    for service in services:
        if not service.port:
            continue
        other = owners.setdefault(service.port, service)
        if other is not service:
            troubles.append(
                f"{other.name} and {service.name} are both set to port {service.port}: "
                f"change {other.port_setting} or {service.port_setting}"
            )
        elif trouble := _trouble(service.port):
            troubles.append(
                f"port {service.port} of {service.name} {trouble}; "
                f"free it, or set {service.port_setting} to another one"
            )
    if troubles:
        text = ". ".join(trouble[0].upper() + trouble[1:] for trouble in troubles)
        raise ServiceError(f"{text}. Nothing was started.")


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def _trouble(port: int) -> str:
    with socket.socket() as probe:
        # As servers do: what the last run left in TIME_WAIT is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "may not be used by this account"
        except OSError:
            return "is taken by another program"
    return ""
