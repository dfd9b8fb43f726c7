"""/api/migration: beginning migrations, how far they are, and what a person asks of one."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from dnsinv.actions import migration_control, migration_files, migration_reports
from dnsinv.actions.migration_start import Begun, begin
from dnsinv.domain.migrations import Control
from dnsinv.lake.export import Style
from dnsinv_app.api.answers import answer
from dnsinv_app.api.asking import Body, Installed, Who
from dnsinv_app.api.errors import MISSING, Problem
from dnsinv_app.api.forms import asked as asked_of
from dnsinv_app.api.forms import body_of
from dnsinv_app.api.migration_asked import (
    Fault,
    Job,
    JobId,
    Links,
    MigrationAsked,
    Progress,
    StateName,
)
from dnsinv_app.api.paging import MOST, PageNumber
from dnsinv_app.api.streams import Bounded, Streamed

router = APIRouter(tags=["migration"])

EXAMPLE = {
    "upload_id": "3f0c7a52b1d94e6f8a2b5c7d9e0f1a2b",
    "template_id": "godaddy-domains",
    "duplicate_strategy": "merge",
    "assign_to_users": ["admin", "dns-team"],
}
NOT_NOW: dict[int | str, dict[str, Any]] = {
    **MISSING,
    409: {"model": Problem, "description": "It is in another state, or the lake is busy"},
}
PageSize = Annotated[int, Field(ge=1, le=MOST, description="Items of a page.")]


class Accepted(BaseModel):
    """A migration that will be done; look at `links.progress`."""

    job_id: str = Field(examples=["m000001"])
    state: StateName
    message: str = Field(description="Who does it, or what it waits for.")
    template: str
    template_id: str
    confidence: float | None = Field(description="Where the template was suggested: how sure.")
    reason: str | None = Field(description="Where the template was suggested: why.")
    links: Links


class JobQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    job_id: JobId


class JobPage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    page: PageNumber = 1
    page_size: PageSize = 50


class ErrorQuery(JobPage):
    job_id: JobId
    format: Literal["list", "csv", "json"] = Field(
        default="list", description="csv and json (NDJSON) are files of all errors."
    )


class Jobs(BaseModel):
    """One page of migrations, the newest first."""

    items: list[Job]
    page: int
    page_size: int
    total: int
    pages: int


class Faults(BaseModel):
    """One page of what is wrong with the items of a file, in their order."""

    items: list[Fault]
    page: int
    page_size: int
    total: int
    pages: int


class ControlAsked(Body):
    """What is to become of a migration."""

    job_id: JobId
    action: Literal["pause", "resume", "cancel"]


class UndoAsked(Body):
    """Which migration to take back."""

    job_id: JobId


@router.post(
    "/migration",
    status_code=202,
    response_model=Accepted,
    responses=MISSING,
    openapi_extra=body_of(MigrationAsked, EXAMPLE),
)
async def start_migration(installation: Installed, who: Who, request: Request) -> Response:
    """Import a file: sent with the form, or before. It is written down, and done in the background.

    What a provider observes is never overridden. The answer comes before the file is read whole.
    """
    asked, upload = await asked_of(request, installation, who, MigrationAsked)
    sent = upload.id if upload is not None else None

    def start() -> Begun:
        file = migration_files.sent_file(installation, asked.upload_id, sent)
        wishes = asked.wishes(create_users=asked.create_users)
        return begin(installation, who, file, wishes, asked.template_id, asked.name)

    try:
        begun = await run_in_threadpool(start)
    except BaseException:
        if sent is not None:
            migration_files.forget_upload(installation, sent)
        raise
    told = migration_reports.glance(installation, who, begun.migration.id)
    place = {"Location": told["links"]["progress"]}
    return answer(_accepted(begun, told), 202, place)


@router.get("/migration/progress", response_model=Progress, responses=MISSING)
def show_progress(
    installation: Installed, who: Who, asked: Annotated[JobQuery, Query()]
) -> Response:
    """How far a migration is, and once it has ended, what came of it."""
    return answer(migration_reports.progress(installation, who, asked.job_id))


@router.get("/migration/jobs", response_model=Jobs)
def list_jobs(installation: Installed, who: Who, asked: Annotated[JobPage, Query()]) -> Response:
    """Migrations, the newest first."""
    found = migration_reports.jobs(installation, who, asked.page, asked.page_size)
    return answer(_page(*found, asked))


@router.get(
    "/migration/errors",
    response_model=Faults,
    responses={
        **MISSING,
        200: {
            "model": Faults,
            "content": {"text/csv": {}, "application/x-ndjson": {}},
            "description": "A page of the list, or a file of all",
        },
    },
)
def list_errors(
    installation: Installed,
    places: Bounded,
    who: Who,
    asked: Annotated[ErrorQuery, Query()],
) -> Response:
    """What is wrong with the items of a file, warnings too: a list, or a file of all."""
    if asked.format == "list":
        where = (asked.job_id, asked.page, asked.page_size)
        return answer(_page(*migration_reports.errors(installation, who, *where), asked))
    style = Style(asked.format)
    pieces = migration_reports.error_file(installation, who, asked.job_id, style)
    places.take()
    headers = {
        "Content-Disposition": f'attachment; filename="{asked.job_id}-errors.{asked.format}"',
        "Cache-Control": "no-store",
    }
    media = "text/csv; charset=utf-8" if style is Style.CSV else "application/x-ndjson"
    return Streamed(pieces, places.give_back, headers, media)


@router.post("/migration/control", response_model=Progress, responses=NOT_NOW)
def control_migration(installation: Installed, who: Who, asked: ControlAsked) -> Response:
    """Pause, resume or cancel a migration; workers heed it before their next batch.

    What is committed stays. One that failed or was cancelled can be resumed.
    """
    migration_control.control(installation, who, asked.job_id, Control(asked.action))
    return answer(migration_reports.progress(installation, who, asked.job_id))


@router.post("/migration/undo", response_model=Progress, responses=NOT_NOW)
def undo_migration(installation: Installed, who: Who, asked: UndoAsked) -> Response:
    """Take back the rows and assignments that a migration brought; a backup is made before.

    Users that it made stay, inactive. Answers when it is done.
    """
    migration_control.undo(installation, who, asked.job_id)
    return answer(migration_reports.progress(installation, who, asked.job_id))


def _accepted(begun: Begun, told: dict[str, Any]) -> dict[str, Any]:
    suggestion = begun.chosen.suggestion
    waits = (
        "It waits: Dagster does not answer. It begins when the services run, or with "
        f"`dnsinv migration resume {begun.migration.id} --here`."
    )
    return {
        "job_id": begun.migration.id,
        "state": told["state"],
        "message": f"Dagster does it in run {begun.run}." if begun.run else waits,
        "template": told["template"],
        "template_id": told["template_id"],
        "confidence": suggestion.confidence if suggestion else None,
        "reason": suggestion.reason if suggestion else None,
        "links": told["links"],
    }


def _page(items: Sequence[Any], total: int, asked: JobPage) -> dict[str, Any]:
    return {
        "items": items,
        "page": asked.page,
        "page_size": asked.page_size,
        "total": total,
        "pages": -(-total // asked.page_size),
    }
