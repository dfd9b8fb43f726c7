"""/api/stats: the inventory in numbers."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv_app.api.answers import fresh
from dnsinv_app.api.asking import Read, Who

router = APIRouter(tags=["state"])


class StatusCount(BaseModel):
    """Current domains with one pair of states; "-" where a provider does not hold them."""

    godaddy_status: str
    cloudflare_status: str
    domains: int


class ProviderCount(BaseModel):
    """What one provider holds."""

    provider: str = Field(examples=["godaddy"])
    domains: int
    records: int


class DayCount(BaseModel):
    """What changed on a day, in domains and in records."""

    day: date
    added: int
    removed: int
    modified: int
    moved: int
    records_added: int
    records_removed: int
    records_modified: int


class Stats(BaseModel):
    """The inventory in numbers."""

    domains: int
    removed: int
    records: int
    zones: int
    expiring: int = Field(description="Within 30 days.")
    expired: int = Field(description="And still listed.")
    unowned: int
    observed_at: datetime | None
    statuses: list[StatusCount]
    providers: list[ProviderCount]
    changes: list[DayCount] = Field(description="Of the last 30 days.")


@router.get("/stats", response_model=Stats)
async def show_stats(reader: Read, who: Who, request: Request) -> Response:
    """The inventory in numbers."""
    return await fresh(request, reader, lambda found: found.stats(who))
