"""What people answer for, may do and did: /api/workload and two routes of each user."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dnsinv.actions.explain import MOST_ACTIONS, activity, explain
from dnsinv.actions.workload import workload
from dnsinv.domain.permission import Right
from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import UsageError
from dnsinv_app.api.answers import tagged
from dnsinv_app.api.asking import Id, Installed, Text, Who
from dnsinv_app.api.audit import AuditItem, entry_told
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.rules import OwnerItem, owners_told

router = APIRouter(tags=["people"])


class Ground(BaseModel):
    """A right, whether it is there, and the sentence that says why."""

    right: Right
    is_granted: bool
    reason: str = Field(examples=["grace has the role editor."])


class Permission(BaseModel):
    """Every right of a person on one asset, and who owns it."""

    user: str = Field(examples=["grace"])
    asset: str = Field(examples=["shop.example"])
    owners: list[OwnerItem]
    is_inherited: bool = Field(description="The owners are the domain's; the record has none.")
    rights: list[Ground]


class Asset(BaseModel):
    """A domain, or with name, type and content one of its records."""

    model_config = ConfigDict(extra="forbid")

    domain: Text = Field(max_length=300, examples=["shop.example"])
    name: Text = Field(default="", max_length=300)
    type: Text = Field(default="", max_length=20)
    content: Text = Field(default="", max_length=4_000)


class LoadItem(BaseModel):
    """How much one user or group answers for."""

    kind: Literal["user", "group"]
    id: int
    name: str = Field(examples=["ops"])
    domains: int
    records: int


class WorkloadNow(BaseModel):
    """Owners with what they answer for, most first, and how many domains nobody does."""

    owners: list[LoadItem]
    domains: int
    unowned: int


class Activity(BaseModel):
    """What a person did or was refused, newest first."""

    items: list[AuditItem]


class ActivityAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=MOST_ACTIONS)


@router.get("/users/{id}/permission", response_model=Permission, responses=MISSING)
def show_permission(
    installation: Installed,
    who: Who,
    request: Request,
    user_id: Id,
    asked: Annotated[Asset, Query()],
) -> Response:
    """What a person may do with a domain or a record, and why."""
    found = explain(installation, who, user_id, asked.domain, _record(asked))
    rights = [
        {"right": each.right.value, "is_granted": each.is_granted, "reason": each.reason}
        for each in found.grounds
    ]
    told = {
        "user": found.user.name,
        "asset": found.asset,
        "owners": owners_told(found.owners),
        "is_inherited": found.is_inherited,
        "rights": rights,
    }
    return tagged(request, told)


@router.get("/users/{id}/activity", response_model=Activity, responses=MISSING)
def show_activity(
    installation: Installed,
    who: Who,
    request: Request,
    user_id: Id,
    asked: Annotated[ActivityAsked, Query()],
) -> Response:
    """What a person did or was refused last; of others, for administrators."""
    found = activity(installation, who, user_id, asked.limit)
    return tagged(request, {"items": [entry_told(entry) for entry in found]})


@router.get("/workload", response_model=WorkloadNow)
def show_workload(installation: Installed, who: Who, request: Request) -> Response:
    """How much each user and group answers for, and how many domains nobody does."""
    found = workload(installation, who)
    owners = [
        {
            "kind": load.owner.kind,
            "id": load.owner.id,
            "name": load.owner.name,
            "domains": load.domains,
            "records": load.records,
        }
        for load in found.owners
    ]
    return tagged(request, {"owners": owners, "domains": found.domains, "unowned": found.unowned})


def _record(asked: Asset) -> RecordIdentity | None:
    given = (asked.name, asked.type, asked.content)
    if all(given):
        return RecordIdentity(asked.domain, *given)
    if any(given):
        raise UsageError("A record is named by all of name, type and content.")
    return None
