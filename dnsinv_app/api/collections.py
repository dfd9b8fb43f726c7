"""/api/collections, /api/collect-domains and /api/collect-dns: observing the providers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions import collected, launch
from dnsinv.actions.collected import CollectionQuery
from dnsinv_app.api.answers import answer, tagged
from dnsinv_app.api.asking import Body, Installed, Text, Who
from dnsinv_app.api.errors import MISSING, Problem
from dnsinv_app.api.paging import Listed, Paged, envelope

router = APIRouter(tags=["state"])

State = Literal["running", "completed", "partial", "held", "failed"]
SETTLED: dict[int | str, dict[str, Any]] = {
    **MISSING,
    409: {"model": Problem, "description": "Nothing of it is held any more, or the lake is busy"},
}
CollectionId = Annotated[
    str, str, Path(alias="id", max_length=100, examples=["20260302T090000-godaddy"])
]
AccountName = Annotated[
    Text, Field(max_length=60, examples=["godaddy"], description="As dnsinv.toml names it.")
]


class HeldListing(BaseModel):
    """What the guard holds back: so many of the known domains are missing from a listing."""

    state: Literal["open", "agreed", "accepted", "rejected", "superseded"]
    known: int
    missing: int
    held_at: datetime
    settled_at: datetime | None


class CollectionItem(BaseModel):
    """One collection of one account; counts are of zones unless named otherwise."""

    id: str = Field(examples=["20260302T090000-godaddy"])
    provider: str = Field(examples=["godaddy"])
    account: str = Field(examples=["godaddy"])
    scope: str = Field(examples=["full"])
    state: State
    started_at: datetime
    finished_at: datetime | None
    domains: int
    zones_complete: int
    zones_unchanged: int
    zones_no_zone_here: int
    zones_refused: int
    zones_failed: int
    zones_unread: int
    records: int
    requests: int
    errors: str
    hold: HeldListing | None


class CollectionFilters(Paged):
    account: str = Field(default="", max_length=60)
    provider: Literal["", "godaddy", "cloudflare"] = ""
    state: State | Literal[""] = ""


class ListAsked(Body):
    """Whose domains to list."""

    account: AccountName | None = Field(
        default=None, description="Every account where it is left out."
    )


class ZonesAsked(Body):
    """Whose zones to read."""

    account: AccountName | None = Field(
        default=None, description="Every account where it is left out."
    )
    domain: Text | None = Field(
        default=None,
        max_length=300,
        examples=["shop.example"],
        description="Read this zone alone, wherever it is.",
    )


class StartedRun(BaseModel):
    """A run that Dagster took; it waits where the account is being collected already."""

    account: str = Field(examples=["godaddy"])
    run_id: str
    url: str = Field(description="Where Dagster shows the run.")


class Started(BaseModel):
    """What was started, and where to look for how it goes."""

    runs: list[StartedRun]
    collections: str = Field(examples=["/api/collections?account=godaddy"])


STARTED: dict[int | str, dict[str, Any]] = {
    **MISSING,
    409: {"model": Problem, "description": "The account is retired"},
    202: {"model": Started, "description": "Started; Location is where to look"},
}


@router.get("/collections", response_model=Listed[CollectionItem])
def list_collections(
    installation: Installed,
    who: Who,
    request: Request,
    asked: Annotated[CollectionFilters, Query()],
) -> Response:
    """Collections, newest first, those under way included."""
    query = CollectionQuery(**asked.model_dump())
    found = collected.collections_page(installation, who, query)
    return tagged(request, envelope(*found, asked))


@router.get("/collections/{id}", response_model=CollectionItem, responses=MISSING)
def show_collection(
    installation: Installed, who: Who, request: Request, collection_id: CollectionId
) -> Response:
    """One collection."""
    return tagged(request, collected.collection(installation, who, collection_id))


@router.post("/collections/{id}/accept", response_model=CollectionItem, responses=SETTLED)
def accept_collection(installation: Installed, who: Who, collection_id: CollectionId) -> Response:
    """Publish what the guard held back: it is right that so much is gone."""
    return answer(collected.settle(installation, who, collection_id, "accept"))


@router.post("/collections/{id}/reject", response_model=CollectionItem, responses=SETTLED)
def reject_collection(installation: Installed, who: Who, collection_id: CollectionId) -> Response:
    """Forget what the guard held back: the last good data stay."""
    return answer(collected.settle(installation, who, collection_id, "reject"))


@router.post("/collect-domains", status_code=202, response_model=Started, responses=STARTED)
def collect_domains(installation: Installed, who: Who, asked: ListAsked | None = None) -> Response:
    """List the domains of one account or of all, without reading a zone."""
    wanted = asked or ListAsked()
    return _started(launch.collect_lists(installation, who, wanted.account), wanted.account)


@router.post("/collect-dns", status_code=202, response_model=Started, responses=STARTED)
def collect_dns(installation: Installed, who: Who, asked: ZonesAsked | None = None) -> Response:
    """Read the zones of one account or of all, or the zone of one domain."""
    wanted = asked or ZonesAsked()
    runs = launch.collect_records(installation, who, wanted.account, wanted.domain)
    return _started(runs, wanted.account)


def _started(runs: list[launch.Started], account: str | None) -> Response:
    place = "/api/collections" + (f"?{urlencode({'account': account})}" if account else "")
    told = [{"account": run.account, "run_id": run.run_id, "url": run.address} for run in runs]
    return answer({"runs": told, "collections": place}, 202, {"Location": place})
