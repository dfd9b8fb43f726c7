"""/api/me: who is asking."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions.myself import myself
from dnsinv.domain.permission import Right
from dnsinv_app.api.answers import answer
from dnsinv_app.api.asking import Installed, Who

router = APIRouter(tags=["people"])

RoleName = Literal["viewer", "editor", "admin"]
ScopeName = Literal["read", "write", "admin"]


class Me(BaseModel):
    """Who is asking and what it may do."""

    id: int | None = Field(examples=[7])
    name: str = Field(examples=["ada"])
    email: str | None = Field(examples=["ada@shop.example"])
    department: str = Field(examples=["ops"])
    role: RoleName | None
    scope: ScopeName | None = Field(description="Of the token; null where a session asks.")
    rights: list[Right]
    csrf_token: str | None = Field(
        description="For the header X-CSRF-Token of writes; null where a token asks."
    )


@router.get("/me", response_model=Me)
def me(installation: Installed, who: Who, request: Request) -> Response:
    """Who is asking, what it may do, and the CSRF token of its session."""
    found = myself(installation, who)
    return answer(
        {
            "id": found.user_id,
            "name": found.name,
            "email": found.email,
            "department": found.department,
            "role": found.role,
            "scope": found.scope,
            "rights": found.rights,
            "csrf_token": csrf_token(request),
        }
    )


def csrf_token(request: Request) -> str | None:
    """The session's, None where a token asks."""
    session = getattr(request.state, "session", None)
    return None if session is None else str(session.csrf_token)
