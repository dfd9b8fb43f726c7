"""/api/users: people, what they answer for, and what they may do."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from dnsinv.actions import bulk, people
from dnsinv.actions.leaving import Left
from dnsinv.domain.people import User
from dnsinv.store.people import UserQuery
from dnsinv_app.api.answers import answer, tagged
from dnsinv_app.api.asking import Body, Id, IfMatch, Installed, Text, Who, refuse_changed
from dnsinv_app.api.errors import CHANGED, CONFLICT, MISSING
from dnsinv_app.api.me import RoleName
from dnsinv_app.api.paging import Listed, Paged, Trial, envelope

router = APIRouter(tags=["people"])

BULK_EXAMPLE = "name,email,department,role,groups\ngrace,grace@shop.example,security,editor,ops\n"
Name = Annotated[Text, Field(max_length=200, examples=["grace"])]
Email = Annotated[Text, Field(max_length=300, examples=["grace@shop.example"])]
Department = Annotated[Text, Field(max_length=200, examples=["security"])]


class UserItem(BaseModel):
    """A person."""

    id: int = Field(examples=[7])
    name: str = Field(examples=["grace"])
    email: str | None = Field(examples=["grace@shop.example"])
    department: str = Field(examples=["security"])
    role: RoleName
    is_active: bool
    can_sign_in: bool
    created_at: datetime
    changed_in: int = Field(description="The entry of the audit log that changed it last.")


class UserInGroups(UserItem):
    """A person with the names of their groups."""

    groups: list[str]


class UserAsked(Body):
    """A person to be entered."""

    name: Name
    email: Email | None = None
    department: Department = ""
    role: RoleName = "viewer"
    is_active: bool = True
    can_sign_in: bool = True


class UserChanges(Body):
    """What to change; what is left out stays as it is. `email` null takes the address away."""

    name: Name | None = None
    email: Email | None = None
    department: Department | None = None
    role: RoleName | None = None
    is_active: bool | None = None
    can_sign_in: bool | None = None
    changed_in: int | None = Field(
        default=None, ge=0, le=2**53, description="As you know it: 409 where it has changed since."
    )


class UserFilters(Paged):
    search: Text = Field(
        default="", max_length=100, description="Part of the name, address or department."
    )
    role: RoleName | Literal[""] = ""
    group: Text = Field(default="", max_length=200, description="In this group.")
    active: bool | None = None


class Removal(BaseModel):
    """What becomes of what somebody owns who is removed."""

    hand_to: Text = Field(
        default="", max_length=300, description="The user or group who takes everything over."
    )
    release: bool = Field(default=False, description="Leave it without them, be it without owner.")


class LeftBehind(BaseModel):
    """What was owned, and who has it now; null where it was released."""

    domains: int
    records: int
    rules: int
    handed_to: str | None = Field(examples=["group:ops"])


class BulkLine(BaseModel):
    """What became of a line; `reason` says what is wrong with it, or what changed."""

    number: int
    name: str
    outcome: bulk.Outcome
    reason: str


class BulkReport(BaseModel):
    """The report on a file: every line in order, and how many there are of each outcome."""

    lines: list[BulkLine]
    counts: dict[str, int] = Field(examples=[{"created": 2, "invalid": 1}])
    is_dry_run: bool


BULK = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {}, "example": BULK_EXAMPLE},
            "application/json": {"schema": {"type": ["array", "object"], "items": {}}},
        },
    }
}


@router.get("/users", response_model=Listed[UserInGroups], responses=MISSING)
def list_users(
    installation: Installed, who: Who, request: Request, asked: Annotated[UserFilters, Query()]
) -> Response:
    """People in order of name."""
    found, total = people.users_page(installation, who, UserQuery(**asked.model_dump()))
    return tagged(request, envelope([_in_groups(each) for each in found], total, asked))


@router.post("/users", status_code=201, response_model=UserItem, responses=CONFLICT)
def add_user(installation: Installed, who: Who, request: Request, asked: UserAsked) -> Response:
    """Enter a person; a password is set with `dnsinv user password`."""
    made = people.create_user(installation, who, asked.model_dump())
    place = {"Location": f"/api/users/{made.id}"}
    return tagged(request, user_told(made), 201, place)


@router.post("/users/bulk", response_model=BulkReport, openapi_extra=BULK)
async def change_users(
    installation: Installed, who: Who, request: Request, trial: Annotated[Trial, Query()]
) -> Response:
    """Create, change and disable people as a CSV or JSON file says; a report on each line.

    Bad lines are left out, the others take effect together.
    """
    content = await request.body()
    act = partial(bulk.change_users, installation, who, content, dry_run=trial.dry_run)
    report = await run_in_threadpool(act)
    lines = [
        {name: str(getattr(line, name)) for name in ("name", "outcome", "reason")}
        | {"number": line.number}
        for line in report.lines
    ]
    return answer({"lines": lines, "counts": dict(report.counts), "is_dry_run": report.is_dry_run})


@router.get("/users/{id}", response_model=UserInGroups, responses=MISSING)
def show_user(installation: Installed, who: Who, request: Request, user_id: Id) -> Response:
    """One person."""
    return tagged(request, _in_groups(people.user_of(installation, who, user_id)))


@router.put("/users/{id}", response_model=UserItem, responses={**MISSING, **CONFLICT, **CHANGED})
def change_user(
    installation: Installed,
    who: Who,
    request: Request,
    user_id: Id,
    changes: UserChanges,
    if_match: IfMatch = None,
) -> Response:
    """Change a person; who is no longer active loses sessions and tokens at once."""
    expected = changes.changed_in
    if if_match:
        known = people.user_of(installation, who, user_id)
        refuse_changed(if_match, user_told(known.user), _in_groups(known))
        expected = known.user.changed_in if expected is None else expected
    values = given(changes, nullable={"email"})
    return tagged(
        request, user_told(people.update_user(installation, who, user_id, values, expected))
    )


@router.delete("/users/{id}", response_model=LeftBehind, responses={**MISSING, **CONFLICT})
def delete_user(
    installation: Installed, who: Who, user_id: Id, asked: Annotated[Removal, Query()]
) -> Response:
    """Remove a person for good: 409 where they own something and nothing is said about it."""
    left = people.remove_user(
        installation, who, user_id, hand_to=asked.hand_to, release=asked.release
    )
    return answer(left_told(left))


def user_told(user: User) -> dict[str, Any]:
    """A person as they are answered."""
    told = {name: getattr(user, name) for name in UserItem.model_fields}
    return {**told, "role": user.role.value}


def left_told(left: Left) -> dict[str, Any]:
    """What was left behind, as it is answered."""
    return {
        "domains": left.domains,
        "records": left.records,
        "rules": left.rules,
        "handed_to": left.heir and f"{left.heir.kind}:{left.heir.name}",
    }


def given(changes: Body, nullable: frozenset[str] | set[str] = frozenset()) -> Mapping[str, Any]:
    """The fields that were sent, without nulls where null says nothing."""
    sent = changes.model_dump(exclude_unset=True, exclude={"changed_in"})
    return {k: v for k, v in sent.items() if v is not None or k in nullable}


def _in_groups(person: people.Person) -> dict[str, Any]:
    return {**user_told(person.user), "groups": list(person.groups)}
