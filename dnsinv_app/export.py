"""The /export routes: whole lists as files, streamed, with the filters of the lists."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from dnsinv.actions.acting import Actor
from dnsinv.actions.export import What, open_export
from dnsinv.actions.installation import Installation
from dnsinv.actions.queries import DomainQuery, RecordQuery
from dnsinv.actions.reading import Reader
from dnsinv.lake.export import Style
from dnsinv_app.api.app import bare_app, seal
from dnsinv_app.api.asking import Installed, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.filters import DomainChoice, RecordChoice
from dnsinv_app.api.streams import Bounded, Places, Streamed

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
    return Streamed(export.pieces, places.give_back, headers, MEDIA[style])
