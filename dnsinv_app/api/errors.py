"""What goes wrong, as answers: {"error": {"code", "message", "details"}} with the right status.

Messages are sentences of ours. What a client sent is never repeated beyond what those quote, and no
trace leaves the server: an unexpected failure names its request id, under which the log tells more.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from dnsinv.actions.acting import NotAllowed
from dnsinv.domain.permission import Role
from dnsinv.errors import (
    Busy,
    Conflict,
    DnsinvError,
    LakeError,
    NotThere,
    ProviderError,
    ServiceError,
    SourceTooLarge,
    SourceUnavailable,
    UsageError,
)
from dnsinv.store.database import StoreError
from dnsinv_app.api.answers import as_json

log = logging.getLogger(__name__)

STATUSES: dict[type[DnsinvError], tuple[int, str]] = {
    NotThere: (404, "not_there"),
    Conflict: (409, "conflict"),
    NotAllowed: (403, "not_allowed"),
    SourceTooLarge: (413, "too_large"),
    UsageError: (422, "wrong_input"),
    Busy: (409, "busy"),
    ProviderError: (502, "provider_failed"),
    LakeError: (503, "lake_unavailable"),
    StoreError: (503, "store_unavailable"),
    ServiceError: (503, "service_unavailable"),
    SourceUnavailable: (502, "source_unavailable"),
    DnsinvError: (500, "failed"),
}
"""Status and code of each kind of error; the nearest base counts."""

UNSAID: dict[type[DnsinvError], str] = {
    LakeError: "The inventory cannot be read now; the log tells an administrator more.",
    StoreError: "The store does not answer now; the log tells an administrator more.",
}
"""What others than administrators are told of errors whose texts name files and servers."""

RETRY_SECONDS = 10  # what a client is told to wait where trying again can help
_CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_there",
    405: "method_not_allowed",
    412: "changed_meanwhile",
    413: "too_large",
    415: "unsupported_media_type",
    422: "wrong_input",
}
_MESSAGES = {
    404: "There is nothing at this address; /api/docs lists what there is.",
    405: "This address does not take this method; the header Allow names those that it takes.",
}
_SHOWN = 20  # wrong fields of one request


class ProblemBody(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["wrong_input"], description="For programs; it never changes.")
    message: str = Field(examples=["There is no role 'owner'; there are: viewer, editor, admin."])
    details: dict[str, Any] = Field(examples=[{"request_id": "0f9c4d2e"}])


class Problem(BaseModel):
    """The body of every answer of 400 and above."""

    error: ProblemBody


class ChangedMeanwhile(DnsinvError):
    """What If-Match names is not what is there now."""


STATUSES[ChangedMeanwhile] = (412, "changed_meanwhile")

MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Not there"}}
CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"model": Problem, "description": "If-Match names another state than the present one"}
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "It exists already, or changed meanwhile"}
}


def answer_errors(app: FastAPI) -> None:
    """Have every failure answered as a problem."""
    app.add_exception_handler(DnsinvError, _expected)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def problem(
    request: Request,
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer itself; its details name the request wherever there is an id."""
    said = dict(details or {})
    if request_id := getattr(request.state, "request_id", ""):
        said["request_id"] = request_id
    body = {"error": {"code": code, "message": message, "details": said}}
    return Response(as_json(body), status, headers, media_type="application/json")


async def _expected(request: Request, error: Exception) -> Response:
    status, code = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request failed path=%s error=%s", request.url.path, error)
    can_help = getattr(error, "is_transient", False) or status == HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(RETRY_SECONDS)} if can_help else None
    return problem(request, status, code, _told(request, error), headers=headers)


def _told(request: Request, error: Exception) -> str:
    if getattr(request.state, "role", None) == Role.ADMIN:
        return str(error)
    return next((told for kind, told in UNSAID.items() if isinstance(error, kind)), str(error))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, dict(error.headers or {})
    told = str(error.detail)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:  # Starlette names those of one route only
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    if status in _MESSAGES:  # the framework's own words say less
        told = _MESSAGES[status]
    elif not told.endswith("."):
        told += "."
    return problem(request, status, _CODES.get(status, "refused"), told, headers=headers)


def _methods(request: Request) -> set[str]:
    """What the address takes: the methods of the path that matches it most literally."""
    path = get_route_path(request.scope)
    taken: dict[str, set[str]] = {}
    for known, method in request.app.state.operations:
        if compile_path(known)[0].match(path):
            taken.setdefault(known, set()).add(method)
    return taken[min(taken, key=lambda known: known.count("{"))] if taken else set()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        first = found[0]
        told = f"The body is not JSON at character {first['loc'][-1]}: {first['ctx']['error']}."
        return problem(request, 400, "malformed", told)
    fields = [{"field": _place(each["loc"]), "problem": _sentence(each)} for each in found[:_SHOWN]]
    first_field = fields[0]
    told = f"{first_field['field']}: {first_field['problem']}"
    return problem(request, 422, "wrong_input", told, {"fields": fields})


async def _unexpected(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this answer, so that the server logs its trace.
    request_id = getattr(request.state, "request_id", "")
    log.error(
        "request broke path=%s request=%s error=%s",
        request.url.path,
        request_id,
        type(error).__name__,
    )
    told = "Something broke on the server; its log tells more under this request's id."
    return problem(request, 500, "broken", told)


def _place(where: tuple[int | str, ...]) -> str:
    """Where it is: name for ("body", "name"), domains[3] for ("body", "domains", 3)."""
    text = ""
    for part in where[1:] or where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return as_shown(text)


def _sentence(found: Mapping[str, Any]) -> str:
    text = str(found["msg"]).removeprefix("Value error, ")
    return as_shown(text if text.endswith(".") else f"{text}.")


def as_shown(text: str) -> str:
    """Text that any client can read, also where it quotes half of a character."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
