"""The /export routes: whole lists as files, streamed, with the filters of the lists."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from dnsinv.actions.acting import Actor
from dnsinv.actions.export import Export, What, open_export
from dnsinv.actions.installation import Installation
from dnsinv.actions.queries import DomainQuery, RecordQuery
from dnsinv.actions.reading import Reader
from dnsinv.lake.export import Style
from dnsinv_app.api.app import bare_app, seal
from dnsinv_app.api.asking import Installed, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.filters import DomainChoice, RecordChoice

router = APIRouter(tags=["export"])

StyleName = Literal["csv", "json", "parquet"]
MEDIA: dict[StyleName, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


def create_export(installation: Installation, reader: Reader) -> FastAPI:
    """The exports of one installation, to be mounted at /export."""
    app = bare_app(installation, reader)
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
        installation: Installed, who: Who, asked: Annotated[DomainChoice, Query()]
    ) -> Response:
        """All domains that a list with these parameters holds."""
        return _file(installation, who, "domains", DomainQuery(**asked.model_dump()), style)

    @router.get(
        f"/dns.{style}", response_class=Response, responses=responses, name=f"export_dns_{style}"
    )
    def export_records(
        installation: Installed, who: Who, asked: Annotated[RecordChoice, Query()]
    ) -> Response:
        """All DNS records that a list with these parameters holds."""
        return _file(installation, who, "dns", RecordQuery(**asked.model_dump()), style)


for _style in MEDIA:
    _add(_style)


def _file(
    installation: Installation,
    who: Actor,
    what: What,
    query: DomainQuery | RecordQuery,
    style: StyleName,
) -> Response:
    export = open_export(installation, who, what, query, Style(style))
    headers = {
        "Content-Disposition": f'attachment; filename="{what}.{style}"',
        "Cache-Control": "no-store",
        "X-Row-Count": str(export.rows),
    }
    return StreamingResponse(_pieces(export), headers=headers, media_type=MEDIA[style])


async def _pieces(export: Export) -> AsyncIterator[bytes]:
    """The bytes as they are made; whoever hangs up ends the work at once."""
    try:
        async for piece in iterate_in_threadpool(export.pieces):
            yield piece
    finally:
        export.pieces.close()
