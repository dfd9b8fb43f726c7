"""/api/groups: several people under one name, and who is in them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions import groups
from dnsinv.domain.people import Group
from dnsinv_app.api.answers import answer, tagged
from dnsinv_app.api.asking import (
    LARGEST_ID,
    Body,
    Id,
    IfMatch,
    Installed,
    Text,
    Who,
    refuse_changed,
)
from dnsinv_app.api.errors import CHANGED, CONFLICT, MISSING
from dnsinv_app.api.paging import Listed, Paged, cut, envelope
from dnsinv_app.api.users import LeftBehind, Removal, UserItem, given, left_told, user_told

router = APIRouter(tags=["people"])

MOST_MEMBERS = 10_000  # in one request
Name = Annotated[Text, Field(max_length=200, examples=["ops"])]
Description = Annotated[Text, Field(max_length=2_000, examples=["Keeps the lights on."])]
Member = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[7])]


class GroupItem(BaseModel):
    """A group and how many are in it."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["ops"])
    description: str = Field(examples=["Keeps the lights on."])
    created_at: datetime
    changed_in: int = Field(description="The entry of the audit log that changed it last.")
    size: int = Field(description="How many are in it.")


class GroupAsked(Body):
    """A group to be made."""

    name: Name
    description: Description = ""


class GroupChanges(Body):
    """What to change; what is left out stays as it is."""

    name: Name | None = None
    description: Description | None = None
    changed_in: int | None = Field(
        default=None, ge=0, le=2**53, description="As you know it: 409 where it has changed since."
    )


class GroupFilters(Paged):
    search: Text = Field(default="", max_length=100, description="Part of the name.")


class MembersAsked(Body):
    """Who is to be in it: names, e-mail addresses or ids."""

    users: list[
        Annotated[Text, Field(max_length=300)] | Annotated[int, Field(ge=1, le=LARGEST_ID)]
    ] = Field(max_length=MOST_MEMBERS, examples=[["grace", "ada@shop.example", 7]])


class Counted(BaseModel):
    """How many that changed."""

    changed: int


@router.get("/groups", response_model=Listed[GroupItem])
def list_groups(
    installation: Installed, who: Who, request: Request, asked: Annotated[GroupFilters, Query()]
) -> Response:
    """Groups in order of name."""
    found, total = groups.groups_page(installation, who, asked.page, asked.limit, asked.search)
    return tagged(request, envelope([_told(each) for each in found], total, asked))


@router.post("/groups", status_code=201, response_model=GroupItem, responses=CONFLICT)
def add_group(installation: Installed, who: Who, request: Request, asked: GroupAsked) -> Response:
    """Make a group, without members at first."""
    made = groups.create_group(installation, who, asked.name, asked.description)
    place = {"Location": f"/api/groups/{made.id}"}
    return tagged(request, _told(groups.Team(made, 0)), 201, place)


@router.get("/groups/{id}", response_model=GroupItem, responses=MISSING)
def show_group(installation: Installed, who: Who, request: Request, group_id: Id) -> Response:
    """One group."""
    return tagged(request, _told(groups.group_of(installation, who, group_id)))


@router.put("/groups/{id}", response_model=GroupItem, responses={**MISSING, **CONFLICT, **CHANGED})
def change_group(
    installation: Installed,
    who: Who,
    request: Request,
    group_id: Id,
    changes: GroupChanges,
    if_match: IfMatch = None,
) -> Response:
    """Change a group's name or description."""
    known, expected = groups.group_of(installation, who, group_id), changes.changed_in
    if if_match:
        refuse_changed(if_match, _told(known))
        expected = known.group.changed_in if expected is None else expected
    changed = groups.update_group(installation, who, group_id, given(changes), expected)
    return tagged(request, _told(groups.Team(changed, known.size)))


@router.delete("/groups/{id}", response_model=LeftBehind, responses={**MISSING, **CONFLICT})
def delete_group(
    installation: Installed, who: Who, group_id: Id, asked: Annotated[Removal, Query()]
) -> Response:
    """Remove a group for good: 409 where it owns something and nothing is said about it."""
    left = groups.remove_group(
        installation, who, group_id, hand_to=asked.hand_to, release=asked.release
    )
    return answer(left_told(left))


@router.get("/groups/{id}/members", response_model=Listed[UserItem], responses=MISSING)
def list_members(
    installation: Installed,
    who: Who,
    request: Request,
    group_id: Id,
    asked: Annotated[Paged, Query()],
) -> Response:
    """Who is in a group, in order of name."""
    found = groups.members_of(installation, who, group_id)
    return tagged(request, cut([user_told(user) for user in found], asked))


@router.post("/groups/{id}/members", response_model=Counted, responses=MISSING)
def add_members(installation: Installed, who: Who, group_id: Id, asked: MembersAsked) -> Response:
    """Put people into a group, all or none; who is in it already stays."""
    return answer({"changed": groups.add_members(installation, who, group_id, asked.users)})


@router.put("/groups/{id}/members/{user_id}", response_model=Counted, responses=MISSING)
def add_member(installation: Installed, who: Who, group_id: Id, user_id: Member) -> Response:
    """Put one person into a group."""
    return answer({"changed": groups.add_members(installation, who, group_id, [user_id])})


@router.delete("/groups/{id}/members/{user_id}", response_model=Counted, responses=MISSING)
def remove_member(installation: Installed, who: Who, group_id: Id, user_id: Member) -> Response:
    """Take one person out of a group."""
    return answer({"changed": groups.remove_members(installation, who, group_id, [user_id])})


def _told(team: groups.Team) -> dict[str, Any]:
    group: Group = team.group
    told = {name: getattr(group, name) for name in GroupItem.model_fields if name != "size"}
    return {**told, "size": team.size}
