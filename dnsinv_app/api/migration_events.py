"""/api/migration/events: a migration's progress as it changes, for as long as it is under way."""

import asyncio
import logging
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from dnsinv.actions import migration_reports
from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.domain.migrations import ENDED
from dnsinv.errors import DnsinvError
from dnsinv_app.api.answers import as_json
from dnsinv_app.api.asking import Installed, Who
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.migrations import JobQuery
from dnsinv_app.api.streams import Places

router = APIRouter(tags=["migration"])

MOST_STREAMS = 20
GLANCE_SECONDS = 0.5
QUIET_SECONDS = 15.0  # after which something is said, for whoever closes silent connections
LONGEST_SECONDS = 600.0  # then the client asks again, and is looked at again by the gate
RETRY_MS = 1000

_ENDED = {state.value for state in ENDED}
_log = logging.getLogger(__name__)


@router.get(
    "/migration/events",
    response_class=Response,
    responses={
        **MISSING,
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "Events `progress`, each with a job as JSON; `end` with the last one",
        },
    },
)
async def follow_migration(
    installation: Installed, who: Who, request: Request, asked: Annotated[JobQuery, Query()]
) -> Response:
    """Follow a migration by server-sent events until it ends, or for ten minutes.

    `progress` comes when anything has changed, `end` with the whole report once it has ended. A
    client that asks again gets the present state first.
    """
    streams: Places = request.app.state.streams
    # In a thread: it looks whether the actor may, and whether there is such a migration.
    first = await run_in_threadpool(migration_reports.glance, installation, who, asked.job_id)
    streams.take()
    return Events(_events(installation, who, asked.job_id, first), streams)


class Events(StreamingResponse):
    """A stream that has a place for as long as somebody listens."""

    def __init__(self, events: AsyncIterator[bytes], streams: Places) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, headers=headers, media_type="text/event-stream")
        self._streams = streams

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.give_back()


async def _events(
    installation: Installation, who: Actor, job_id: str, first: dict[str, Any]
) -> AsyncIterator[bytes]:
    began = said_at = monotonic()
    yield f"retry: {RETRY_MS}\n\n".encode()
    yield _event("progress", first)
    last = first
    try:
        while last["state"] not in _ENDED and monotonic() - began < LONGEST_SECONDS:
            await asyncio.sleep(GLANCE_SECONDS)
            now = await run_in_threadpool(migration_reports.glance, installation, who, job_id)
            if now != last:
                last, said_at = now, monotonic()
                yield _event("progress", now)
            elif monotonic() - said_at >= QUIET_SECONDS:
                said_at = monotonic()
                yield b": still there\n\n"
        if last["state"] in _ENDED:
            report = await run_in_threadpool(migration_reports.progress, installation, who, job_id)
            yield _event("end", report)
    except DnsinvError as error:  # the store is away, or the actor may not any more
        _log.info("events of a migration end migration=%s error=%s", job_id, error)


def _event(kind: str, told: dict[str, Any]) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + as_json(told) + b"\n\n"
