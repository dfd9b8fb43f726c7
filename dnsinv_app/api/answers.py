"""Answers: JSON as bytes, and the ETag by which a client asks only for what is new.

The tag of the inventory's large lists is made of the version of all that they are made of, so that
an unchanged one costs no query. All other tags are made of the answer itself.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from hashlib import blake2b
from importlib.metadata import version as version_of
from typing import Any

from fastapi import Request
from starlette.responses import Response

from dnsinv.actions.installation import now

PROGRAM = version_of("dnsinv")  # another program may answer in another shape
REVALIDATE = {"Cache-Control": "private, no-cache"}


def as_json(value: Any) -> bytes:
    """UTF-8 JSON without spaces; half characters are escaped, so that it never fails."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=_plain).encode("ascii")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer without a tag."""
    return Response(as_json(value), status, headers, media_type="application/json")


def fresh(request: Request, version: str, make: Callable[[], Any]) -> Response:
    """A list made of what `version` names; 304 without making it where the client has it."""
    today = now().date()  # what expires within so many days is a matter of the day
    asked = f"{PROGRAM} {today} {version} {request.url.path}?{request.url.query}"
    tag = _tag(asked.encode("utf-8", "backslashreplace"))
    headers = {"ETag": tag, **REVALIDATE}
    if names(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(as_json(make()), headers=headers, media_type="application/json")


def tagged(
    request: Request, value: Any, status: int = 200, more: Mapping[str, str] | None = None
) -> Response:
    """An answer whose tag is of what it says, which If-Match takes; 304 where the client has it."""
    body = as_json(value)
    headers = {"ETag": _tag(body), **REVALIDATE, **(more or {})}
    if request.method == "GET" and names(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type="application/json")


def tag_of(value: Any) -> str:
    """The tag that `tagged` gives this value."""
    return _tag(as_json(value))


def names(header: str | None, tag: str) -> bool:
    """Whether an If-Match or If-None-Match header names the tag."""
    if not header:
        return False
    listed = (part.strip().removeprefix("W/") for part in header.split(","))
    return any(part in ("*", tag) for part in listed)


def _tag(content: bytes) -> str:
    return f'"{blake2b(content, digest_size=12).hexdigest()}"'


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is not for JSON")
