"""/api/migration/uploads, /analyze and /preview: a file before it is imported."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from dnsinv.actions import migration_files, migration_trials
from dnsinv_app.api.answers import answer
from dnsinv_app.api.asking import Installed, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.forms import asked as asked_of
from dnsinv_app.api.forms import body_of, form_of
from dnsinv_app.api.migration_asked import Fault, PreviewAsked, Sent, UploadItem
from dnsinv_app.api.streams import Bounded

router = APIRouter(tags=["migration"])

UPLOAD = "3f0c7a52b1d94e6f8a2b5c7d9e0f1a2b"


class FieldItem(BaseModel):
    """What stands at one place of the items."""

    path: str = Field(examples=["records.A[*]"], description="As templates write it.")
    types: dict[str, int] = Field(examples=[{"text": 12}])
    count: int
    fill_rate: float = Field(description="From 0 to 1.")
    samples: list[Any]
    distinct: int | None


class ProblemItem(BaseModel):
    """What is wrong with some items."""

    model_config = ConfigDict(extra="allow")

    code: str = Field(examples=["duplicate_key"])
    is_warning: bool
    count: int


class SuggestionItem(BaseModel):
    """Which template fits a file, and why."""

    template: dict[str, Any] = Field(description="Its definition.")
    confidence: float
    is_sure: bool = Field(description="Sure enough to import without naming a template.")
    reason: str
    mapping: list[dict[str, Any]] = Field(description="Of each column the field it comes from.")
    questions: list[str] = Field(description="What somebody who knows the file should say.")
    others: list[dict[str, Any]]


class AnalysisItem(BaseModel):
    """What a file holds."""

    upload_id: str
    name: str
    size: int
    format: str = Field(examples=["json-array"])
    encoding: str = Field(examples=["utf-8"])
    compression: str = Field(examples=["gzip"])
    items: int
    fields: list[FieldItem]
    records_at: list[str]
    problems: list[ProblemItem]
    suggestion: SuggestionItem


class ChangeItem(BaseModel):
    """Rows that would come to the same."""

    kind: str = Field(examples=["domains"])
    outcome: str = Field(examples=["new"])
    existed: str = Field(
        description="Where they were: a provider, manual, import, file; '' nowhere."
    )
    rows: int
    text: str


class PreviewItem(BaseModel):
    """What an import would come to; nothing of it was written."""

    upload_id: str
    name: str
    template: dict[str, Any]
    options: dict[str, Any]
    owners: list[str]
    items: int
    invalid: int
    warnings: int
    batches: int
    rows: dict[str, int] = Field(description="By outcome.")
    changes: list[ChangeItem]
    kept: dict[str, dict[str, int]]
    samples: list[dict[str, Any]] = Field(description="Items beside the rows they would become.")
    errors: list[Fault]


@router.post(
    "/migration/uploads", status_code=201, response_model=UploadItem, openapi_extra=form_of()
)
async def upload_file(installation: Installed, who: Who, request: Request) -> Response:
    """Send a file, to be looked at and imported afterwards; it goes to the disk as it comes."""
    _, upload = await asked_of(request, installation, who, Sent)
    file = migration_files.sent_file(installation, upload.id if upload else None)
    assert upload is not None
    told = {"upload_id": upload.id, "name": file.name, "bytes": file.bytes, "sha256": file.sha256}
    return answer(told, 201)


@router.post(
    "/migration/analyze",
    response_model=AnalysisItem,
    responses=MISSING,
    openapi_extra=body_of(Sent, {"upload_id": UPLOAD}),
)
async def analyze_file(
    installation: Installed, places: Bounded, who: Who, request: Request
) -> Response:
    """Say what a file holds, which template fits it, and what is wrong with its items.

    One that comes with the form is kept under the `upload_id` that is answered.
    """
    asked, upload = await asked_of(request, installation, who, Sent)
    sent = upload.id if upload else None

    def analyze() -> dict[str, Any]:
        with places.taken():
            file = migration_files.sent_file(installation, asked.upload_id, sent)
            return migration_files.analysis(installation, who, file)

    found = await run_in_threadpool(analyze)
    return answer({"upload_id": asked.upload_id or sent, **found})


@router.post(
    "/migration/preview",
    response_model=PreviewItem,
    responses=MISSING,
    openapi_extra=body_of(
        PreviewAsked, {"upload_id": UPLOAD, "template_id": "godaddy-domains", "limit": 5}
    ),
)
async def preview_import(
    installation: Installed, places: Bounded, who: Who, request: Request
) -> Response:
    """Say what importing a file would come to, and show its first items beside their rows.

    Reads the whole file. One that comes with the form is kept under the `upload_id` that is
    answered.
    """
    asked, upload = await asked_of(request, installation, who, PreviewAsked)
    sent = upload.id if upload else None

    def preview() -> dict[str, Any]:
        with places.taken():
            file = migration_files.sent_file(installation, asked.upload_id, sent)
            return migration_trials.preview(
                installation,
                who,
                file,
                asked.wishes(),
                template=asked.template_id,
                definition=asked.template,
                limit=asked.limit,
            )

    found = await run_in_threadpool(preview)
    return answer({"upload_id": asked.upload_id or sent, **found})
