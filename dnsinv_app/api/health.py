"""/api/health: whether store, lake, Dagster and providers are well."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions.health import health
from dnsinv.actions.installation import now
from dnsinv_app.api.answers import answer
from dnsinv_app.api.asking import Installed, Who

router = APIRouter(tags=["state"])

StateName = Literal["ok", "degraded", "down"]


class PartHealth(BaseModel):
    """How one part is, and a sentence that says why."""

    name: str = Field(examples=["store"], description="store, lake, dagster or account:NAME.")
    state: StateName
    text: str
    since: datetime | None


class HealthNow(BaseModel):
    """All parts together; `down` where store or lake cannot be read."""

    state: StateName
    at: datetime
    parts: list[PartHealth]


UNWELL: dict[int | str, dict[str, Any]] = {
    503: {"model": HealthNow, "description": "Store or lake cannot be read"}
}


@router.get("/health", response_model=HealthNow, responses=UNWELL)
def show_health(installation: Installed, _: Who) -> Response:
    """Whether the inventory is well, part by part; providers by their last collections."""
    found = health(installation, now())
    told = {
        "state": found.state.value,
        "at": found.at,
        "parts": [
            {"name": p.name, "state": p.state.value, "text": p.text, "since": p.since}
            for p in found.parts
        ],
    }
    return answer(told, found.http_status, {"Cache-Control": "no-store"})
