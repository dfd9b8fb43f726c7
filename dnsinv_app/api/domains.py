"""/api/domains: the domains, and what people say of them. What belongs to one is in domain.py."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions import annotate
from dnsinv.errors import NotThere
from dnsinv_app.api.answers import answer, fresh, tagged
from dnsinv_app.api.asking import (
    Body,
    Day,
    IfMatch,
    Installed,
    Read,
    Relisted,
    Text,
    Who,
    refuse_changed,
)
from dnsinv_app.api.errors import CHANGED, CONFLICT, MISSING
from dnsinv_app.api.filters import DomainFilters
from dnsinv_app.api.paging import Listed, told

router = APIRouter(tags=["domains"])

DomainName = Annotated[
    Text, Path(alias="name", max_length=300, examples=["shop.example"], description="In any form.")
]


class DomainItem(BaseModel):
    """A domain, as providers and imports have it now and as people describe it."""

    name: str = Field(examples=["shop.example"])
    unicode_name: str = Field(examples=["shop.example"])
    status: str = Field(examples=["(active, active)"], description="At GoDaddy and Cloudflare.")
    godaddy_status: str = Field(examples=["active"])
    cloudflare_status: str = Field(examples=["active"])
    expires_on: date | None
    registered_on: date | None
    auto_renew: bool | None
    locked: bool | None
    privacy: bool | None
    nameservers: list[str] | None
    discovered_on: date | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    removed_on: date | None
    record_count: int
    sources: list[str] = Field(examples=[["godaddy/main", "import/m000001"]])
    attributes: dict[str, Any] | None = Field(description="What imports say beside.")
    owners: list[str] = Field(examples=[["ada"]])
    groups: list[str] = Field(examples=[["ops"]])
    tags: list[str]
    note: str
    entry: int = Field(description="1; 2, 3 ... for copies that an import appended.")
    base_name: str


class DomainAsked(Body):
    """A domain that no account holds."""

    name: Text = Field(max_length=300, examples=["shop.example"])
    registered_on: Day | None = None
    expires_on: Day | None = None


class ManualItem(BaseModel):
    """A domain that a person entered."""

    name: str = Field(examples=["shop.example"])
    registered_on: date | None
    expires_on: date | None


class AnnotationAsked(Body):
    """What to say of a domain; what is left out stays as it is, "" and [] empty it."""

    note: Text | None = Field(default=None, max_length=20_000, examples=["Ask legal first."])
    tags: list[Annotated[Text, Field(max_length=200)]] | None = Field(
        default=None, max_length=1_000, examples=[["brand", "keep"]]
    )
    changed_in: int | None = Field(
        default=None, ge=0, le=2**53, description="As you know it: 409 where it has changed since."
    )


class AnnotationItem(BaseModel):
    """What people say of a domain."""

    domain: str = Field(examples=["shop.example"])
    note: str
    tags: list[str]
    changed_in: int = Field(description="The entry of the audit log that changed it last.")


@router.get("/domains", response_model=Listed[DomainItem], responses=MISSING)
async def list_domains(
    reader: Read, who: Who, request: Request, asked: Annotated[DomainFilters, Query()]
) -> Response:
    """Current domains, in order of name where no other is asked for."""
    query = asked.query()
    return await fresh(request, reader, lambda found: told(found.domains(who, query)))


@router.get("/domains/{name}", response_model=DomainItem, responses=MISSING)
def show_domain(reader: Read, who: Who, request: Request, name: DomainName) -> Response:
    """One domain, current or removed."""
    found = reader.domain(who, name)
    if found is None:
        raise NotThere(f"There is no domain {name[:100]!r}.")
    return tagged(request, found)


@router.post("/domains", status_code=201, response_model=ManualItem, responses=CONFLICT)
def add_domain(
    installation: Installed, relisting: Relisted, who: Who, asked: DomainAsked
) -> Response:
    """Enter a domain that no account holds; it is listed a little later, where `Location` says.

    Until then that address answers 404. Several that are entered meanwhile are listed together.
    """
    dates = {"registered_on": asked.registered_on, "expires_on": asked.expires_on}
    made = annotate.add_domain(installation, who, asked.name, **dates)
    relisting.ask()
    told = {name: getattr(made, name) for name in ManualItem.model_fields}
    return answer(told, 201, {"Location": f"/api/domains/{made.name}"})


@router.patch(
    "/domains/{name}",
    response_model=AnnotationItem,
    responses={**MISSING, **CONFLICT, **CHANGED},
)
def change_domain(
    installation: Installed,
    reader: Read,
    who: Who,
    name: DomainName,
    changes: AnnotationAsked,
    if_match: IfMatch = None,
) -> Response:
    """Set note or tags of a domain; whoever owns it may, too."""
    expected = changes.changed_in
    if if_match:
        known = annotate.annotation_of(installation, who, name).changed_in
        refuse_changed(if_match, reader.domain(who, name))
        expected = known if expected is None else expected
    made = annotate.annotate(
        installation, who, name, note=changes.note, tags=changes.tags, expected=expected
    )
    return answer({n: getattr(made, n) for n in AnnotationItem.model_fields})


@router.delete("/domains/{name}", status_code=204, responses=MISSING)
def delete_domain(installation: Installed, relisting: Relisted, who: Who, name: DomainName) -> None:
    """Take out a domain that a person entered; what accounts hold is retired, not removed.

    It leaves the lists a little later.
    """
    annotate.remove_domain(installation, who, name)
    relisting.ask()
