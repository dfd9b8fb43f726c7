"""Files that are made while they are sent: how many at once, and what ends the work."""

import asyncio
import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from dnsinv.errors import DnsinvError
from dnsinv_app.api.errors import STATUSES

MOST_AT_ONCE = 4  # each has a DuckDB of its own for as long as its client reads
PATIENCE_SECONDS = 60.0  # with a client who takes nothing and lets nobody else have its place

_log = logging.getLogger(__name__)


class TooManyExports(DnsinvError):
    """As many are being made as may be at once."""


STATUSES[TooManyExports] = (503, "too_many_exports")


class Places:
    """How many exports may be under way; who finds none free does not wait."""

    def __init__(self, count: int = MOST_AT_ONCE, what: str = "exports") -> None:
        self._what = what
        self._count = count
        self._free = threading.Semaphore(count)

    def take(self) -> None:
        """Take one.

        Raises:
            TooManyExports: none is free.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyExports(
                f"{self._count} {self._what} are being made, the most at once; "
                "try again a little later."
            )

    def give_back(self) -> None:
        self._free.release()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have one for as long as the block runs.

        Raises:
            TooManyExports: none is free.
        """
        self.take()
        try:
            yield
        finally:
            self.give_back()


async def _places(request: Request) -> Places:
    found: Places = request.app.state.places
    return found


Bounded = Annotated[Places, Depends(_places)]


class Streamed(StreamingResponse):
    """The bytes as they are made; whoever hangs up, or takes none, ends the work."""

    def __init__(
        self,
        pieces: Generator[bytes, None, None],
        ended: Callable[[], None],
        headers: dict[str, str],
        media_type: str,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._pieces = pieces
        self._ended = ended
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_patiently(message: Message) -> None:
            async with asyncio.timeout(self._patience):
                await send(message)

        try:
            await super().__call__(scope, receive, send_patiently)
        except TimeoutError:  # the server closes the connection, as the file is not whole
            _log.warning("export ended: its client took nothing for %g s", self._patience)
        finally:
            self._pieces.close()
            self._ended()
