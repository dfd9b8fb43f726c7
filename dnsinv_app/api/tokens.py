"""/api/tokens: what programs sign in with."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions.tokens import MOST_DAYS, create_token, list_tokens, revoke_token
from dnsinv.domain.permission import Scope
from dnsinv.store.tokens import Token
from dnsinv_app.api.answers import answer, tagged
from dnsinv_app.api.asking import Body, Id, Installed, Text, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.me import ScopeName
from dnsinv_app.api.paging import Listed, Paged, cut

router = APIRouter(tags=["people"])


class TokenItem(BaseModel):
    """A token without its secret."""

    id: int = Field(examples=[12])
    user_id: int
    user: str = Field(examples=["ada"])
    name: str = Field(examples=["nightly export"])
    scope: ScopeName
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewToken(TokenItem):
    """A new token with its secret, which is never shown again."""

    token: str = Field(examples=["dnsinv_..."])


class TokenAsked(Body):
    """A token to be made."""

    name: Text = Field(max_length=100, examples=["nightly export"])
    scope: ScopeName = "read"
    days: int | None = Field(
        default=None,
        ge=1,
        le=MOST_DAYS,
        description="For ever where it is left out.",
    )
    user: Text = Field(default="", max_length=254, description="Whose it is.")


class TokenFilters(Paged):
    everybodys: bool = Field(default=False, description="Not only one's own; for administrators.")


@router.get("/tokens", response_model=Listed[TokenItem])
def show_tokens(
    installation: Installed, who: Who, request: Request, asked: Annotated[TokenFilters, Query()]
) -> Response:
    """One's own tokens, revoked ones too, or everybody's."""
    found = list_tokens(installation, who, everybodys=asked.everybodys)
    return tagged(request, cut([_told(token) for token in found], asked))


@router.post("/tokens", status_code=201, response_model=NewToken, responses=MISSING)
def add_token(installation: Installed, who: Who, asked: TokenAsked) -> Response:
    """Make a token; its secret is in this answer only."""
    made = create_token(installation, who, asked.name, Scope(asked.scope), asked.days, asked.user)
    told = {**_told(made.token), "token": made.secret}
    return answer(told, 201, {"Cache-Control": "no-store"})


@router.delete("/tokens/{id}", status_code=204, responses=MISSING)
def delete_token(installation: Installed, who: Who, token_id: Id) -> None:
    """Make a token worthless at once, for good; it stays listed as revoked."""
    revoke_token(installation, who, token_id)


def _told(token: Token) -> dict[str, Any]:
    told = {name: getattr(token, name) for name in Token.__slots__ if name != "user_name"}
    return {**told, "user": token.user_name, "scope": token.scope.value}
