"""The connection behind a fetched file: to checked addresses only, and cut when its time is over.

A name is looked up once, all that it stands for is checked, and the connection goes to one of these
addresses: a name server that answers otherwise the second time changes nothing.
"""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

import httpcore
import httpx

from dnsinv.domain.networks import Network, is_in, is_public, to_address
from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.settings import Settings

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 30.0  # a server that says nothing for longer is given up
_MOST_TRIED = 4  # addresses of one name

Headers = Sequence[tuple[bytes, bytes]]
Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@cache
def trust() -> ssl.SSLContext:
    """The certificates that are believed, read once per process."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached over HTTP, and for how long one file may take."""

    seconds: float
    networks: Sequence[Network] = ()  # that are not public and may be reached nevertheless
    is_http_allowed: bool = False
    resolve: Resolve = resolve
    trust: Callable[[], ssl.SSLContext] = trust

    @classmethod
    def of(cls, settings: Settings) -> "Reach":
        return cls(settings.migration_fetch_seconds, settings.reachable, settings.migration_http)

    def addresses(self, host: str, port: int) -> list[str]:
        """Every address of a name, all of them checked.

        Raises:
            SourceRefused: the name is unknown, or one of its addresses may not be reached.
            SourceUnavailable: no name server answers.
        """
        try:
            found = list(self.resolve(host, port))
        except socket.gaierror as error:
            text = f"The host {host!r} is not found: {error.strerror}."
            if error.errno == socket.EAI_AGAIN:
                raise SourceUnavailable(text) from error
            raise SourceRefused(text) from error
        except (UnicodeError, OverflowError, OSError) as error:
            raise SourceRefused(f"{host[:100]!a} port {port} is no host: {error}.") from error
        for each in found:
            address = to_address(each)
            if not (is_public(address) or is_in(address, self.networks)):
                raise SourceRefused(
                    f"The host {host!r} leads to {each}, which is not public; files are fetched "
                    "from such addresses only where MIGRATION_NETWORKS names them."
                )
        return found


class Line(httpcore.NetworkBackend):
    """One connection at a time; used as a context, on leaving which it is closed."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._system = httpcore.SyncBackend()
        self._connection: httpcore.HTTPConnection | None = None
        self._socket: socket.socket | None = None  # a second handle of the open one
        self._lock = threading.Lock()
        self._is_over = False
        self._timer = threading.Timer(reach.seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Line":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._hang_up()

    def ask(self, url: httpx.URL, headers: Headers = ()) -> httpcore.Response:
        """The head of the answer to a GET.

        Raises:
            SourceRefused: the address may not be reached, or cannot be believed.
            SourceUnavailable: no answer in time.
        """
        self._hang_up()
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        waits = {"connect": CONNECT_SECONDS, "read": IDLE_SECONDS, "write": IDLE_SECONDS}
        request = httpcore.Request(
            "GET",
            target,
            headers=[
                (b"Host", url.netloc),
                (b"User-Agent", b"dns-inventory"),
                (b"Accept", b"*/*"),
                (b"Accept-Encoding", b"identity"),
                (b"Connection", b"close"),
                *headers,
            ],
            extensions={"timeout": waits},
        )
        self._connection = httpcore.HTTPConnection(
            target.origin, ssl_context=self._reach.trust(), network_backend=self
        )
        with self._told(url):
            return self._connection.handle_request(request)

    def blocks(self, response: httpcore.Response, url: httpx.URL) -> Iterator[bytes]:
        """The body of an answer.

        Raises:
            SourceUnavailable: it did not come whole in time.
        """
        with self._told(url):
            yield from response.iter_stream()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Called by httpcore: a connection to the first address of the host that answers."""
        failed: Exception = httpcore.ConnectError("the name has no address")
        for address in self._reach.addresses(host, port)[:_MOST_TRIED]:
            if self._is_over:
                break
            try:
                stream = self._system.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            self._watch(stream.get_extra_info("socket"))
            return stream
        raise failed

    def _watch(self, connected: socket.socket) -> None:
        with self._lock:
            # TLS takes the handle over; this one stays and is the same connection.
            self._socket = socket.socket(fileno=os.dup(connected.fileno()))
        if self._is_over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self._is_over = True
            if self._socket is not None:
                with suppress(OSError):  # it is closed already
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    @contextmanager
    def _told(self, url: httpx.URL) -> Iterator[None]:
        """Turn what goes wrong on the wire into a sentence; what comes too late is wrong too."""
        trouble: Exception | None = None
        try:
            yield
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            trouble = error
        if self._is_over:
            raise SourceUnavailable(
                f"{url.host} did not send the file within {self._reach.seconds:g} seconds "
                "(MIGRATION_FETCH_SECONDS)."
            ) from trouble
        if trouble is None:
            return
        if isinstance(trouble.__cause__, ssl.SSLCertVerificationError):
            raise SourceRefused(
                f"The certificate of {url.host} is not believed: "
                f"{trouble.__cause__.verify_message}."
            ) from trouble
        raise SourceUnavailable(f"{url.host} does not send the file: {_why(trouble)}.") from trouble


def _why(trouble: Exception) -> str:
    if isinstance(trouble, httpcore.ConnectTimeout):
        return f"no connection within {CONNECT_SECONDS:g} seconds"
    if isinstance(trouble, httpcore.TimeoutException):
        return f"nothing came for {IDLE_SECONDS:g} seconds"
    reason = getattr(trouble.__cause__, "strerror", None) or str(trouble)
    return reason.rstrip(".") or "the connection was cut off"
