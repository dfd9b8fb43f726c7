"""What handlers are given, and what every request must be like before one is called.

These functions wait for nothing and are async all the same: others cost a thread each.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, FastAPI, Header, HTTPException, Path, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from starlette._utils import get_route_path

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.actions.reading import Reader
from dnsinv.actions.relisting import Relisting
from dnsinv.errors import UsageError
from dnsinv_app.api.answers import names, tag_of
from dnsinv_app.api.errors import ChangedMeanwhile

MOST_NAMES = 100_000  # in one request
LARGEST_ID = 2**31 - 1
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


async def _installation(request: Request) -> Installation:
    found: Installation = request.app.state.installation
    return found


async def _reader(request: Request) -> Reader:
    found: Reader = request.app.state.reader
    return found


async def _relisting(request: Request) -> Relisting:
    found: Relisting = request.app.state.relisting
    return found


async def _actor(request: Request) -> Actor:
    """Whom the gate let in."""
    found = getattr(request.state, "actor", None)
    if not isinstance(found, Actor):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Sign in, or send a token as a bearer.")
    return found


Installed = Annotated[Installation, Depends(_installation)]
Read = Annotated[Reader, Depends(_reader)]
Relisted = Annotated[Relisting, Depends(_relisting)]
Who = Annotated[Actor, Depends(_actor)]
Id = Annotated[int, Path(alias="id", ge=1, le=LARGEST_ID, examples=[7])]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="The ETag of the item as you know it: 412 where it has changed since.",
    ),
]


def refuse_changed(if_match: str, *current: Any) -> None:
    """Let pass where the client knows the item as it is now.

    Args:
        current: the item as it is answered now, in each of its forms.

    Raises:
        ChangedMeanwhile: it knows another state.
    """
    if not any(names(if_match, tag_of(form)) for form in current):
        raise ChangedMeanwhile(
            "It was changed since you read it; read it again and decide whether to change it still."
        )


def _shows(text: str) -> str:
    if "\x00" in text:
        raise ValueError("It has a NUL character in it.")
    return text


def _day(value: Any) -> Any:
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("It is not a day such as 2026-03-02.")  # pydantic takes numbers, too
    return value


def _instant(value: Any) -> Any:
    if not (isinstance(value, str) and _DAY.match(value)):
        raise ValueError("It is not an instant such as 2026-03-02T10:00:00Z.")
    return value


def _in_range(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("There is no such instant in UTC.") from None


Text = Annotated[str, AfterValidator(_shows)]
Day = Annotated[date, BeforeValidator(_day), Field(strict=False, examples=["2026-03-02"])]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    AfterValidator(_in_range),
    Field(examples=["2026-03-02T10:00:00Z"]),
]


class Body(BaseModel):
    """Base of what is sent to us: fields that are not known are refused, naming those that are."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _no_other_fields(cls, sent: Any) -> Any:
        if isinstance(sent, dict):
            for name in sent:
                if name not in cls.model_fields:
                    known = ", ".join(cls.model_fields)
                    raise ValueError(f"There is no field {str(name)[:60]!a}; there are: {known}.")
        return sent


@dataclass(frozen=True, slots=True)
class Operation:
    """What the API's description says of one method of a path."""

    parameters: frozenset[str]
    media_types: frozenset[str]


async def well_formed(request: Request) -> None:
    """Refuse what no handler understands.

    Raises:
        HTTPException: a query that is not UTF-8 (400), a body of another kind (415).
        UsageError: a query parameter that the route does not have.
    """
    operation = request.app.state.operations.get((request.scope["route"].path, request.method))
    if operation is None:
        return
    path = get_route_path(request.scope)
    if path != request.scope["route"].path and path in request.app.state.literal:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)  # /users/bulk is no user
    _refuse_unreadable(request.scope["query_string"])
    for name, value in request.query_params.multi_items():
        if name not in operation.parameters:
            known = ", ".join(sorted(operation.parameters)) or "none"
            raise UsageError(f"There is no parameter {name[:60]!a} here; there are: {known}.")
        if "\x00" in value:
            raise UsageError(f"The parameter {name} has a NUL character in it.")
    _refuse_other_media(request, operation)


def _refuse_unreadable(query: bytes) -> None:
    try:
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The query is not UTF-8.") from None


def _refuse_other_media(request: Request, operation: Operation) -> None:
    has_body = request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
    if not operation.media_types or not has_body:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in operation.media_types:
        wanted = " or ".join(sorted(operation.media_types))
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the body as Content-Type {wanted}."
        )


def operations(app: FastAPI) -> dict[tuple[str, str], Operation]:
    """What `well_formed` holds requests to, from the description, so that the two never differ."""
    found = {}
    for path, methods in app.openapi()["paths"].items():
        for method, told in methods.items():
            names = {each["name"] for each in told.get("parameters", ()) if each["in"] == "query"}
            kinds = told.get("requestBody", {}).get("content", {})
            found[path, method.upper()] = Operation(frozenset(names), frozenset(kinds))
    return found
