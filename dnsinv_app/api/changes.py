"""/api/changes: what is different from one observation to the next."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv_app.api.answers import fresh
from dnsinv_app.api.asking import Read, Who
from dnsinv_app.api.filters import ChangeFilters
from dnsinv_app.api.paging import Listed, told

router = APIRouter(tags=["state"])


class Change(BaseModel):
    """A difference between two observations; `type` is null for a domain."""

    observed_at: datetime
    kind: Literal["domain", "record"]
    provider: str = Field(examples=["godaddy"])
    account: str = Field(examples=["godaddy"])
    moved_from: str | None = Field(description="The account it came from, where it moved.")
    zone: str | None = Field(examples=["shop.example"])
    name: str = Field(examples=["www.shop.example"])
    type: str | None = Field(examples=["A"])
    change: Literal["added", "removed", "modified", "moved"]
    before: dict[str, Any] | None = Field(description="Values before; null where it was added.")
    after: dict[str, Any] | None = Field(description="Values after; null where it was removed.")


@router.get("/changes", response_model=Listed[Change])
async def list_changes(
    reader: Read, who: Who, request: Request, asked: Annotated[ChangeFilters, Query()]
) -> Response:
    """Changes of domains and records, the latest first."""
    query = asked.query()
    return await fresh(request, reader, lambda found: told(found.changes(who, query)))
