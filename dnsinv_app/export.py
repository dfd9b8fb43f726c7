"""The /export routes: whole lists as files, streamed, with the filters of the lists."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from dnsinv.actions.acting import Actor
from dnsinv.actions.export import Export, What, open_export
from dnsinv.actions.installation import Installation
from dnsinv.actions.queries import DomainQuery, RecordQuery
from dnsinv.actions.reading import Reader
from dnsinv.errors import DnsinvError
from dnsinv.lake.export import Style
from dnsinv_app.api.app import bare_app, seal
from dnsinv_app.api.asking import Installed, Who
from dnsinv_app.api.errors import MISSING, STATUSES
from dnsinv_app.api.filters import DomainChoice, RecordChoice

router = APIRouter(tags=["export"])

StyleName = Literal["csv", "json", "parquet"]
MEDIA: dict[StyleName, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


MOST_AT_ONCE = 4  # each has a DuckDB of its own for as long as its client reads
PATIENCE_SECONDS = 60.0  # with a client who takes nothing and lets nobody else have its place

_log = logging.getLogger(__name__)


class TooManyExports(DnsinvError):
    """As many are being made as may be at once."""


STATUSES[TooManyExports] = (503, "too_many_exports")


class Places:
    """How many exports may be under way; who finds none free does not wait."""

    def __init__(self, count: int = MOST_AT_ONCE) -> None:
        self._count = count
        self._free = threading.Semaphore(count)

    def take(self) -> None:
        """Take one.

        Raises:
            TooManyExports: none is free.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyExports(
                f"{self._count} exports are being made, the most at once; try again a little later."
            )

    def give_back(self) -> None:
        self._free.release()


async def _places(request: Request) -> Places:
    found: Places = request.app.state.places
    return found


Bounded = Annotated[Places, Depends(_places)]


def create_export(installation: Installation, reader: Reader) -> FastAPI:
    """The exports of one installation, to be mounted at /export."""
    app = bare_app(installation, reader)
    app.state.places = Places()
    app.include_router(router)
    seal(app)
    return app


def _add(style: StyleName) -> None:
    """Add both routes of a format."""
    content = {MEDIA[style].partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}}
    responses: dict[int | str, dict[str, Any]] = {
        **MISSING,
        200: {"content": content, "description": "The file, as it is made"},
    }

    @router.get(
        f"/domains.{style}",
        response_class=Response,
        responses=responses,
        name=f"export_domains_{style}",
    )
    def export_domains(
        installation: Installed,
        places: Bounded,
        who: Who,
        asked: Annotated[DomainChoice, Query()],
    ) -> Response:
        """All domains that a list with these parameters holds."""
        return _file(installation, places, who, "domains", DomainQuery(**asked.model_dump()), style)

    @router.get(
        f"/dns.{style}", response_class=Response, responses=responses, name=f"export_dns_{style}"
    )
    def export_records(
        installation: Installed,
        places: Bounded,
        who: Who,
        asked: Annotated[RecordChoice, Query()],
    ) -> Response:
        """All DNS records that a list with these parameters holds."""
        return _file(installation, places, who, "dns", RecordQuery(**asked.model_dump()), style)


for _style in MEDIA:
    _add(_style)


def _file(
    installation: Installation,
    places: Places,
    who: Actor,
    what: What,
    query: DomainQuery | RecordQuery,
    style: StyleName,
) -> Response:
    places.take()
    try:
        export = open_export(installation, who, what, query, Style(style))
    except BaseException:
        places.give_back()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{what}.{style}"',
        "Cache-Control": "no-store",
        "X-Row-Count": str(export.rows),
    }
    return Streamed(export, places.give_back, headers, MEDIA[style])


class Streamed(StreamingResponse):
    """The bytes as they are made; whoever hangs up, or takes none, ends the work."""

    def __init__(
        self,
        export: Export,
        ended: Callable[[], None],
        headers: dict[str, str],
        media_type: str,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        super().__init__(export.pieces, headers=headers, media_type=media_type)
        self._export = export
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
            self._export.pieces.close()
            self._ended()
