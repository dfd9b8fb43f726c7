"""/api/domains/{name}/...: the records, past, owners and zone of one domain."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from dnsinv.actions.assign import owners_of
from dnsinv.actions.queries import RecordQuery
from dnsinv.store.assignments import Ownership
from dnsinv_app.api.answers import fresh, tagged
from dnsinv_app.api.asking import Day, Installed, Read, Text, Who
from dnsinv_app.api.domains import DomainName
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.paging import Listed, Paged, cut, told
from dnsinv_app.api.records import RecordItem
from dnsinv_app.api.rules import OwnerItem, owners_told

router = APIRouter(tags=["domains"])

ZONE: dict[int | str, dict[str, Any]] = {
    **MISSING,
    200: {"content": {"text/plain": {}}, "description": "The zone as a file"},
}


class Period(BaseModel):
    """A time in which a domain or a record was as `values` say; `valid_to` null: it still is."""

    kind: Literal["domain", "record"]
    provider: str
    account: str
    zone: str
    name: str = Field(examples=["www.shop.example"])
    type: str | None = Field(examples=["A"])
    valid_from: datetime
    valid_to: datetime | None
    values: dict[str, Any]


class OwnershipItem(BaseModel):
    """Who owns the domain or one of its records, since when and by what."""

    owner: OwnerItem
    name: str | None = Field(description="Of the record; null where it is the domain itself.")
    type: str | None
    content: str | None
    source: str = Field(examples=["manual"], description="manual, rule, handed-on or migration.")
    source_id: str
    assigned_at: datetime
    assigned_in: int = Field(description="The entry of the audit log that says who did it.")


class ZoneAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: Day | None = Field(default=None, description="As it was then; now where left out.")
    format: Literal["bind", "octodns"] = "bind"
    account: Text = Field(
        default="", max_length=60, description="Whose zone, where several accounts have it."
    )


@router.get("/domains/{name}/records", response_model=Listed[RecordItem])
async def list_records_of(
    reader: Read, who: Who, request: Request, name: DomainName, asked: Annotated[Paged, Query()]
) -> Response:
    """The current DNS records of one domain, those of its subdomain zones included."""
    query = RecordQuery(domain=name, page=asked.page, limit=asked.limit)
    return await fresh(request, reader, lambda found: told(found.records(who, query)))


@router.get("/domains/{name}/history", response_model=Listed[Period])
async def list_history(
    reader: Read, who: Who, request: Request, name: DomainName, asked: Annotated[Paged, Query()]
) -> Response:
    """When a domain and its records, or those of a name in it, had which values; latest first."""
    return await fresh(
        request,
        reader,
        lambda found: told(found.history(who, name, asked.page, asked.limit)),
    )


@router.get("/domains/{name}/owners", response_model=Listed[OwnershipItem])
def list_owners(
    installation: Installed,
    who: Who,
    request: Request,
    name: DomainName,
    asked: Annotated[Paged, Query()],
) -> Response:
    """Who owns a domain and records of it, since when and by what; the domain's owners first."""
    found = [_owned(each) for each in owners_of(installation, who, name)]
    return tagged(request, cut(found, asked))


@router.get("/domains/{name}/zone", response_class=Response, responses=ZONE)
def show_zone(
    reader: Read, who: Who, name: DomainName, asked: Annotated[ZoneAsked, Query()]
) -> Response:
    """A zone as a BIND zone file or octoDNS YAML, as it is or was on a day."""
    text = reader.zone(who, name, asked.day, asked.format, asked.account)
    return PlainTextResponse(text)


def _owned(ownership: Ownership) -> dict[str, Any]:
    record = ownership.record
    (owner,) = owners_told([ownership.owner])
    return {
        "owner": owner,
        "name": record and record.name,
        "type": record and record.type,
        "content": record and record.content,
        "source": str(ownership.source),
        "source_id": ownership.source_id,
        "assigned_at": ownership.assigned_at,
        "assigned_in": ownership.assigned_in,
    }
