"""Running the sandbox: in a thread for tests and demos, in the foreground for the command line."""

import signal
import socket
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import Self

import uvicorn

from dnsinv.errors import ServiceError, UsageError
from dnsinv.sandbox.account_file import write_account_file
from dnsinv.sandbox.app import CLOUDFLARE_BASE, GODADDY_BASE, App
from dnsinv.sandbox.faults import Fault, parse_fault
from dnsinv.sandbox.godaddy_v1 import GoDaddyV1
from dnsinv.sandbox.rates import Rate, parse_rate
from dnsinv.sandbox.state import State, Stats
from dnsinv.sandbox.view import Provider
from dnsinv.sandbox.world import World
from dnsinv.sandbox.worlds import load_world

HOST = "127.0.0.1"
STOP_SECONDS = 5  # for replies that are on their way when the sandbox stops


class Sandbox:
    """Stand-ins for GoDaddy and Cloudflare on a port of 127.0.0.1, in a thread of their own.

    Use it as a context manager; inside, `url`, `godaddy_url` and `cloudflare_url` answer, and the
    day, the faults and the statistics can be read and changed at any time.
    """

    def __init__(
        self,
        world: World | str,
        *,
        day: date | None = None,
        provider: Provider | str = Provider.BOTH,
        rate: Rate | None = None,
        latency_ms: float = 0,
        faults: Sequence[Fault] = (),
        port: int = 0,
        v1_lists_managed: bool = True,
        v1_first_offset: int = 0,
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            world: one that is loaded, or a text for `load_world`, which then ends on `day`.
            day: the day to serve; without it the world's last.
            rate: what each credential may ask for; without it anything.
            port: 0 takes a free one.
            v1_lists_managed: whether GoDaddy v1 lists SOA and the zone's own NS.
            v1_first_offset: whether GoDaddy v1 counts `offset` from 0 or from 1.

        Raises:
            UsageError: no such world or provider, or the world begins later than `day`.
        """
        if provider not in list(Provider):
            known = ", ".join(Provider)
            raise UsageError(f"{provider!r} is no provider of the sandbox; use one of {known}.")
        if isinstance(world, str):
            world = load_world(world, day)
        self._state = State(
            world, day or world.days()[-1], Provider(provider), rate, latency_ms / 1000
        )
        self._state.faults.order(*faults)
        v1 = GoDaddyV1(lists_managed=v1_lists_managed, first_offset=v1_first_offset)
        self._app = App(self._state, v1)
        self._wanted_port = port
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self.port = port

    def __enter__(self) -> Self:
        """Listen; the port answers when this returns."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; hanging requests are cut off."""
        self.stop()

    @property
    def url(self) -> str:
        """Where the sandbox listens."""
        return f"http://{HOST}:{self.port}"

    @property
    def godaddy_url(self) -> str:
        """The base URL of a GoDaddy account."""
        return f"{self.url}{GODADDY_BASE}"

    @property
    def cloudflare_url(self) -> str:
        """The base URL of a Cloudflare account."""
        return f"{self.url}{CLOUDFLARE_BASE}"

    @property
    def world(self) -> World:
        """What it serves."""
        return self._state.world

    @property
    def day(self) -> date:
        """The world's day that is served; setting it takes the latest that is not after."""
        return self._state.day

    @day.setter
    def day(self, day: date) -> None:
        self._state.day = day

    @property
    def stats(self) -> Stats:
        """What was asked since the start or the last `reset_stats`."""
        return self._state.stats

    @property
    def faults(self) -> list[Fault]:
        """The orders that can still strike."""
        return self._state.faults.orders

    @property
    def struck(self) -> dict[str, int]:
        """How often faults of each kind have struck."""
        return {str(kind): count for kind, count in self._state.faults.struck.items()}

    def order(self, *faults: Fault) -> None:
        """Let something go wrong; earlier orders come first."""
        self._state.faults.order(*faults)

    def clear_faults(self) -> None:
        """Take back every order."""
        self._state.faults.clear()

    def reset_stats(self) -> None:
        """Count from zero."""
        self._state.reset_stats()

    def write_account_file(self, path: Path, *, godaddy_version: int = 3) -> None:
        """Write a dnsinv.toml whose accounts are here."""
        write_account_file(
            path,
            self.url,
            provider=self._state.provider,
            rate=self._state.rate,
            godaddy_version=godaddy_version,
        )

    def start(self) -> None:
        """Listen in a thread of its own.

        Raises:
            ServiceError: the port is taken.
        """
        listener = _listen(self._wanted_port)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = _Server(config, self._app)
        self._thread = Thread(
            target=self._server.run, args=([listener],), name="sandbox", daemon=True
        )
        self._thread.start()
        self._server.is_ready.wait()

    def stop(self) -> None:
        """Close the port; connections that hang are cut off."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, and lets hanging requests go before it waits for them."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app
        self.is_ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.stopping.set()
        await super().shutdown(sockets)


def serve(
    world_spec: str,
    day: date | None = None,
    rate: str | None = None,
    latency_ms: float = 0,
    faults: Sequence[str] = (),
    provider: str = Provider.BOTH,
    config_path: Path | None = None,
    port: int = 0,
    *,
    godaddy_version: int = 3,
    echo: Callable[[str], object],
) -> None:
    """Run the sandbox in the foreground until SIGINT or SIGTERM; call it in the main thread.

    Arguments are as typed on a command line: `rate` is REQUESTS/SECONDS, `faults` as `parse_fault`
    reads them. Where it listens and the account file it wrote are said through `echo`.

    Raises:
        UsageError: an argument is wrong.
        ServiceError: the port is taken.
    """
    sandbox = Sandbox(
        world_spec,
        day=day,
        provider=provider,
        rate=parse_rate(rate) if rate else None,
        latency_ms=latency_ms,
        faults=[parse_fault(fault) for fault in faults],
        port=port,
    )
    asked_to_stop = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked_to_stop.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with sandbox:
            echo(f"The sandbox serves {world_spec} as of {sandbox.day} on {sandbox.url}")
            if config_path:
                sandbox.write_account_file(config_path, godaddy_version=godaddy_version)
                echo(f"Accounts are in {config_path}: DNSINV_CONFIG={config_path} dnsinv collect")
            asked_to_stop.wait()
        echo("The sandbox has stopped.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as taken:
        listener.close()
        raise ServiceError(f"Port {port} of {HOST} is taken; choose another.") from taken
    return listener
