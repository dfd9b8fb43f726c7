"""/api/assign-domain and /api/assign-dns: who answers for what, one or 100,000 at once."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from dnsinv.actions.assign import Assigned, Mode, assign_domains, assign_records
from dnsinv.actions.queries import DomainQuery, RecordQuery
from dnsinv.domain.records import RecordIdentity
from dnsinv_app.api.answers import answer
from dnsinv_app.api.asking import MOST_NAMES, Body, Installed, Read, Text, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.filters import DomainChoice, RecordChoice

router = APIRouter()

MOST_OWNERS = 100  # in one request
Owners = Annotated[
    list[Annotated[Text, Field(max_length=300)]],
    Field(
        max_length=MOST_OWNERS,
        examples=[["ada", "group:ops"]],
        description="User names or e-mail addresses, then groups; `group:NAME` forces a group.",
    ),
]


class DomainFilter(Body, DomainChoice):
    """Every domain that a list with these parameters holds; {} is all."""


class RecordFilter(Body, RecordChoice):
    """Every record that a list with these parameters holds; {} is all."""


class _Asked(Body):
    owners: Owners
    mode: Mode = Field(
        default=Mode.ADD,
        strict=False,
        description="replace: nobody else owns them afterwards; without owners: nobody does.",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> "_Asked":
        names = [name for name in type(self).model_fields if name not in ("owners", "mode")]
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ValueError(f"Give either {' or '.join(names)}.")
        return self


class DomainsAsked(_Asked):
    """Whose domains: named, or by the parameters of the list."""

    names: list[Annotated[Text, Field(max_length=300)]] | None = Field(
        default=None, max_length=MOST_NAMES, examples=[["shop.example"]]
    )
    filter: DomainFilter | None = Field(default=None, examples=[None])


class RecordNamed(Body):
    """A record, whichever TTL it has."""

    domain: Text = Field(max_length=300, examples=["shop.example"])
    name: Text = Field(max_length=300, examples=["www.shop.example"])
    type: Text = Field(max_length=20, examples=["A"])
    content: Text = Field(max_length=65_535, examples=["192.0.2.7"])


class RecordsAsked(_Asked):
    """Whose records: named, or by the parameters of the list."""

    records: list[RecordNamed] | None = Field(default=None, max_length=MOST_NAMES)
    filter: RecordFilter | None = Field(default=None, examples=[None])


class AssignedNow(BaseModel):
    """How many assets were meant, and how many assignments of theirs came, went and stayed."""

    assets: int
    added: int
    ended: int
    unchanged: int


@router.post("/assign-domain", response_model=AssignedNow, responses=MISSING, tags=["domains"])
def assign_domain(installation: Installed, reader: Read, who: Who, asked: DomainsAsked) -> Response:
    """Give domains to users and groups, or take them away; all or nothing."""
    names = asked.names or []
    if asked.filter is not None:
        names = reader.names_of(who, DomainQuery(**asked.filter.model_dump()))
    return answer(_told(assign_domains(installation, who, names, asked.owners, asked.mode)))


@router.post("/assign-dns", response_model=AssignedNow, responses=MISSING, tags=["records"])
def assign_dns(installation: Installed, reader: Read, who: Who, asked: RecordsAsked) -> Response:
    """Give single records owners of their own, or take them away; all or nothing."""
    records = [RecordIdentity(**each.model_dump()) for each in asked.records or []]
    if asked.filter is not None:
        records = reader.record_keys_of(who, RecordQuery(**asked.filter.model_dump()))
    return answer(_told(assign_records(installation, who, records, asked.owners, asked.mode)))


def _told(assigned: Assigned) -> dict[str, int]:
    return {name: getattr(assigned, name) for name in AssignedNow.model_fields}
