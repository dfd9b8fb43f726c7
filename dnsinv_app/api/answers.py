"""Answers: JSON as bytes, and the ETag by which a client asks only for what is new.

The tag of the inventory's large lists is made of the version of all that they are made of, so that
an unchanged one costs no query. All other tags are made of the answer itself.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from hashlib import blake2b
from importlib.metadata import version as version_of
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from pydantic_core import PydanticSerializationError, to_json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from dnsinv.actions.installation import now
from dnsinv.actions.reading import NotAtHand, Reader

PROGRAM = version_of("dnsinv")  # another program may answer in another shape
REVALIDATE = {"Cache-Control": "private, no-cache"}
ROOM = 8 * 2**20  # bytes of lists kept as they were answered: some 300 pages


class Kept:
    """The bodies last made, up to so many bytes; for the event loop's thread alone."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._used = 0

    def get(self, key: str) -> bytes | None:
        if key in self._bodies:
            self._bodies.move_to_end(key)
        return self._bodies.get(key)

    def keep(self, key: str, body: bytes) -> None:
        self._used += len(body) - len(self._bodies.pop(key, b""))
        self._bodies[key] = body
        while self._used > self._room:
            _, dropped = self._bodies.popitem(last=False)
            self._used -= len(dropped)


def as_json(value: Any) -> bytes:
    """UTF-8 JSON without spaces; half characters are escaped, so that it never fails."""
    try:
        return to_json(value)
    except (PydanticSerializationError, UnicodeEncodeError):
        return json.dumps(value, separators=(",", ":"), default=_plain).encode("ascii")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer without a tag."""
    return Response(as_json(value), status, headers, media_type="application/json")


async def fresh(request: Request, reader: Reader, make: Callable[[Reader], Any]) -> Response:
    """A list of the inventory; 304 without making it where the client has it.

    `make` is called in a thread, and not at all where the same actor was answered the same since
    anything changed: people are part of the version, so what was allowed then still is.
    """
    version = reader.version_at_hand() or await run_in_threadpool(reader.version)
    today = now().date()  # what expires within so many days is a matter of the day
    asked = f"{PROGRAM} {today} {version} {request.url.path}?{request.url.query}"
    tag = _tag(asked.encode("utf-8", "backslashreplace"))
    headers = {"ETag": tag, **REVALIDATE}
    if names(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    kept: Kept = request.app.state.kept
    actor = request.state.actor
    key = f"{tag} {actor.user_id} {actor.scope}"
    body = kept.get(key)
    if body is None:
        body = await _made(request.app.state.turns, reader, make)
        kept.keep(key, body)
    return Response(body, headers=headers, media_type="application/json")


async def _made(turns: CapacityLimiter, reader: Reader, make: Callable[[Reader], Any]) -> bytes:
    """In turn where it is the interpreter's work alone; beside the others what takes a while."""
    try:
        quick = reader.at_hand()
        return await to_thread.run_sync(lambda: as_json(make(quick)), limiter=turns)
    except NotAtHand:
        return await run_in_threadpool(lambda: as_json(make(reader)))


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
