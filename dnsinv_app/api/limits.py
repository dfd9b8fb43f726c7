"""How large a body may be: counted as it comes, whatever its Content-Length says.

FastAPI's own limit answers in plain text; this one answers as everything else does.
"""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import HTTPException
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 16 * 2**20  # bytes; 100,000 names of 60 characters are 6 MB


class Limited:
    """An app that reads no more of a body than that, except where files are sent.

    Args:
        for_files: how large a body may be by the path of the route, where that is more.
    """

    def __init__(
        self,
        app: ASGIApp,
        largest: int = LARGEST_BODY,
        for_files: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._largest = largest
        self._for_files = for_files or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._for_files.get(get_route_path(scope), self._largest)
        announced = Headers(scope=scope).get("content-length", "")
        came = int(announced) if announced.isdecimal() and len(announced) < 20 else 0

        async def counted() -> Message:
            nonlocal came
            if came > largest:
                raise _too_large(largest)
            message = await receive()
            if not announced:  # in chunks; else the server sees to it that no more comes
                came += len(message.get("body", b""))
                if came > largest:
                    raise _too_large(largest)
            return message

        await self._app(scope, counted, send)


def _too_large(largest: int) -> HTTPException:
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {largest // 2**20} MB, the most that is taken at once.",
    )
