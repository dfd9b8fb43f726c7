"""/api/dns and /api/assign-dns: the DNS records and whose they are."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv_app.api.answers import fresh
from dnsinv_app.api.asking import Read, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.filters import RecordFilters
from dnsinv_app.api.paging import Listed, told

router = APIRouter(tags=["records"])


class RecordItem(BaseModel):
    """One value of a record, as its provider has it now."""

    zone: str = Field(examples=["shop.example"])
    name: str = Field(examples=["www.shop.example"])
    type: str = Field(examples=["A"])
    content: str = Field(examples=["192.0.2.7"])
    ttl: int | None = Field(examples=[3600])
    priority: int | None
    proxied: bool | None
    managed: bool
    domain: str = Field(examples=["shop.example"])
    provider: str
    account: str
    zone_id: str
    record_id: str
    comment: str | None
    tags: list[str] | None
    first_seen_at: datetime
    last_seen_at: datetime
    entry: int = Field(description="1; 2, 3 ... for copies that an import appended.")
    attributes: dict[str, Any] | None = Field(description="What an import says beside.")
    owners: list[str] = Field(description="Its own, else its domain's.")
    groups: list[str]


@router.get("/dns", response_model=Listed[RecordItem], responses=MISSING)
async def list_records(
    reader: Read, who: Who, request: Request, asked: Annotated[RecordFilters, Query()]
) -> Response:
    """Current DNS records, in order of zone, name, type and content."""
    query = asked.query()
    return await fresh(request, reader, lambda found: told(found.records(who, query)))
