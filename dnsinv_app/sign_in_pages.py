"""/login, /logout and /auth/session: how browsers get a session, lose it and ask for it."""

import hmac
import logging
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dnsinv.actions.sign_in import (
    Opened,
    SignInRefused,
    TooManyAttempts,
    Visitor,
    sign_in,
    sign_out,
)
from dnsinv.domain.permission import Role
from dnsinv.errors import DnsinvError
from dnsinv_app.door import Door
from dnsinv_app.gate import LOGIN, LOGOUT, SignedIn, is_local_path
from dnsinv_app.pages import Pages

LARGEST_FORM = 16_384  # bytes
CHECKED_AT_ONCE = 2  # passwords; each takes 64 MB and a core
WAITING = 20  # more are sent away
HERE_AGAIN = (LOGIN, LOGOUT)

_log = logging.getLogger(__name__)


class SignInPages:
    """The routes of one installation."""

    def __init__(self, door: Door, pages: Pages) -> None:
        self._door = door
        self._pages = pages
        self._checking = CapacityLimiter(CHECKED_AT_ONCE)

    def routes(self) -> list[Route]:
        return [
            Route(LOGIN, self.show, methods=["GET"]),
            Route(LOGIN, self.sign_in, methods=["POST"]),
            Route(LOGOUT, self.sign_out, methods=["POST"]),
            Route("/auth/session", self.session, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form; whoever is signed in goes straight on."""
        where = destination(request.query_params.get("next", ""))
        session_id = self._door.cookies.session_id(request.headers)
        if session_id is not None:
            try:
                if await self._door.credentials.session(session_id):
                    return RedirectResponse(where, HTTPStatus.SEE_OTHER)
            except DnsinvError as error:
                return self._unavailable(where, "", error)
        return self._pages.login(where)

    async def sign_in(self, request: Request) -> Response:
        """A session for the right password; else the form again with one sentence."""
        form = await _form(request)
        where, name = destination(form.get("next", "")), form.get("name", "")
        if self._checking.statistics().tasks_waiting >= WAITING:
            return self._again(503, where, name, "Too many people sign in right now; try again.")
        check = partial(
            sign_in, self._door.installation, name, form.get("password", ""), self.visitor(request)
        )
        try:
            opened = await to_thread.run_sync(check, limiter=self._checking)
        except SignInRefused as error:
            return self._again(401, where, name, str(error))
        except TooManyAttempts as error:
            page = self._again(429, where, name, str(error))
            page.headers["Retry-After"] = str(error.retry_after)
            return page
        except DnsinvError as error:
            return self._unavailable(where, name, error)
        return self.enter(opened, where)

    def enter(self, opened: Opened, where: str) -> Response:
        """Go on as somebody who is signed in."""
        response = RedirectResponse(where, HTTPStatus.SEE_OTHER)
        self._door.cookies.give(response, opened.id)
        return response

    def visitor(self, request: Request) -> Visitor:
        """Where an attempt comes from."""
        return Visitor(
            self._door.origins.client(request.scope),
            request.headers.get("user-agent", ""),
            request.state.request_id,
        )

    async def sign_out(self, request: Request) -> Response:
        """End the session and close its sockets."""
        session: SignedIn = request.state.session
        sent = request.headers.get("x-csrf-token") or (await _form(request)).get("csrf_token", "")
        if not hmac.compare_digest(sent.encode(), session.csrf_token.encode()):
            raise HTTPException(403)
        end = partial(sign_out, self._door.installation, request.state.actor, session.key)
        await to_thread.run_sync(end)
        self._door.sockets.close(session.key)
        response = RedirectResponse(LOGIN, HTTPStatus.SEE_OTHER)
        self._door.cookies.take(response)
        return response

    async def session(self, request: Request) -> Response:
        """204 for whoever is signed in and has at least `role`: for proxies' auth_request."""
        session: SignedIn = request.state.session
        try:
            needed = Role(request.query_params.get("role", Role.VIEWER))
        except ValueError:
            raise HTTPException(422) from None
        order = list(Role)
        return Response(
            status_code=204 if order.index(session.role) >= order.index(needed) else 403
        )

    def _unavailable(self, where: str, name: str, error: DnsinvError) -> Response:
        _log.error("sign-in is not possible: %s", error)
        return self._again(503, where, name, "The store does not answer; the log says more.")

    def _again(self, status: int, where: str, name: str, problem: str) -> Response:
        return self._pages.login(where, name, problem, status)


def destination(asked: str) -> str:
    """Where to go after signing in: a page of ours, never another site."""
    path = asked.partition("?")[0]
    is_fine = is_local_path(path) and asked.isascii() and asked.isprintable()
    return asked if is_fine and path not in HERE_AGAIN else "/"


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise HTTPException(400) from None
    return {name: values[0] for name, values in fields.items()}
