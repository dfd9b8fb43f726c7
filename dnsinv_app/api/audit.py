"""/api/audit: who did or was refused what."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions.auditing import AuditQuery, audit_page
from dnsinv.store.audit import Entry
from dnsinv_app.api.answers import tagged
from dnsinv_app.api.asking import Installed, Instant, Who
from dnsinv_app.api.paging import Listed, Paged, envelope

router = APIRouter(tags=["people"])


class AuditItem(BaseModel):
    """One thing that somebody did or was refused."""

    seq: int = Field(examples=[412])
    at: datetime
    actor: str = Field(examples=["ada"])
    actor_id: int | None
    door: Literal["web", "api", "cli", "service"]
    address: str = Field(examples=["192.0.2.7"])
    request_id: str
    action: str = Field(examples=["user.create"])
    subject: str = Field(examples=["grace"])
    outcome: Literal["done", "refused", "failed"]
    details: dict[str, Any]


class AuditFilters(Paged):
    actor: str = Field(default="", max_length=100, description="The whole name.")
    action: str = Field(
        default="",
        max_length=40,
        description="A whole action or the part before its dot.",
        examples=["user"],
    )
    subject: str = Field(default="", max_length=300, description="Part of the subject.")
    outcome: Literal["", "done", "refused", "failed"] = ""
    door: Literal["", "web", "api", "cli", "service"] = ""
    since: Instant | None = Field(default=None, description="From this instant on.")
    until: Instant | None = Field(default=None, description="Before this instant.")


@router.get("/audit", response_model=Listed[AuditItem])
def list_audit(
    installation: Installed, who: Who, request: Request, asked: Annotated[AuditFilters, Query()]
) -> Response:
    """The audit log, newest first; only administrators may read it."""
    found, total = audit_page(installation, who, AuditQuery(**asked.model_dump()))
    return tagged(request, envelope([entry_told(entry) for entry in found], total, asked))


def entry_told(entry: Entry) -> dict[str, Any]:
    """An entry as it is answered."""
    return {name: getattr(entry, name) for name in AuditItem.model_fields}
