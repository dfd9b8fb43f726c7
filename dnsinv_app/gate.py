"""The one door: nothing behind it is reached without a session or a token.

What it lets in carries, in `scope["state"]`: `actor` (for actions), its `role`, `session` (a
SignedIn, None with a token). To Streamlit's script, which sees no scope, it says the same in
x-dnsinv-* headers; what came under such names from outside is thrown away.
"""

import hmac
import json
import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dnsinv.actions.acting import Actor
from dnsinv.actions.sign_in import Session
from dnsinv.domain.permission import Role
from dnsinv.domain.permission import Scope as TokenScope
from dnsinv.errors import DnsinvError
from dnsinv_app.cookies import Cookies
from dnsinv_app.credentials import Credentials
from dnsinv_app.origins import Origins
from dnsinv_app.sockets import LiveSockets

LOGIN, LOGOUT = "/login", "/logout"
PUBLIC = frozenset({LOGIN, "/login/oidc", "/login/oidc/callback", "/healthz", "/favicon.ico"})
PUBLIC_FOLDER = "/assets/"
METRICS = "/metrics"
FOR_PROGRAMS = ("/api", "/export", METRICS)
"""Where a token opens; there and in NEVER_PAGES, whoever is not signed in gets 401."""

NEVER_PAGES = (*FOR_PROGRAMS, "/auth", "/static", "/media", "/component", "/_stcore")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
IDENTITY = "x-dnsinv-"
_ODD = re.compile(r"[\x00-\x1f\x7f\\]|//|(^|/)\.{1,2}(/|$)")
_NOT_USE = ("/_stcore/", "/auth/session")  # asked by timers

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the token that its writes must carry."""

    key: str
    user_id: int
    name: str
    role: Role
    csrf_token: str


class Gate:
    """An app that only those who may reach."""

    def __init__(
        self,
        app: ASGIApp,
        origins: Origins,
        cookies: Cookies,
        credentials: Credentials,
        sockets: LiveSockets,
    ) -> None:
        self._app = app
        self._origins = origins
        self._cookies = cookies
        self._credentials = credentials
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        _forget_identity(scope)
        try:
            await self._let_in(scope, receive, send)
        except _Refused as refused:
            await _answer(refused, scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if _ODD.search(path):
            raise _Refused(400, "malformed", "The address is not in its plain form.")
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if path in PUBLIC or path.startswith(PUBLIC_FOLDER):
            if scope["method"] not in SAFE and "origin" in headers:
                self._same_origin(headers)
        elif _is_in(path, FOR_PROGRAMS) and (secret := _bearer(headers)) is not None:
            await self._token(scope, secret)
        else:
            await self._session(scope, headers)
        await self._app(scope, receive, send)

    async def _token(self, scope: Scope, secret: str) -> None:
        try:
            holder = await self._credentials.holder(secret)
        except DnsinvError as error:
            raise _unavailable(error) from error
        if holder is None:
            raise _Refused(401, "not_signed_in", "The token is unknown, revoked or too old.")
        scope["state"] |= {
            "session": None,
            "role": holder.role,
            "actor": self._actor(scope, holder.user_id, holder.name, holder.scope),
        }

    async def _session(self, scope: Scope, headers: Headers) -> None:
        path, method = scope["path"], scope["method"]
        session = await self._find(headers, is_used=not path.startswith(_NOT_USE))
        if session is None:
            wants_page = method in ("GET", "HEAD") and "text/html" in headers.get("accept", "")
            if wants_page and not _is_in(path, NEVER_PAGES):
                raise _Refused(303, "not_signed_in", "Sign in first.")
            raise _Refused(401, "not_signed_in", "Sign in, or send a token as a bearer.")
        signed_in = self._signed_in(session)
        if method not in SAFE:
            self._same_origin(headers)
            sent = headers.get("x-csrf-token", "").encode()
            # Signing out looks for it in a field of its form, too.
            if path != LOGOUT and not hmac.compare_digest(sent, signed_in.csrf_token.encode()):
                raise _Refused(
                    403, "no_csrf_token", "The header X-CSRF-Token is not the session's."
                )
        if path == METRICS and session.role != Role.ADMIN:
            raise _Refused(403, "not_allowed", "The metrics are for administrators and tokens.")
        self._introduce(scope, signed_in)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._same_origin(headers)
        session = await self._find(headers, is_used=True)
        if session is None:
            raise _Refused(401, "not_signed_in", "Sign in first.")
        self._introduce(scope, self._signed_in(session))
        await self._sockets.serve(self._app, scope, receive, send, session)

    async def _find(self, headers: Headers, *, is_used: bool) -> Session | None:
        session_id = self._cookies.session_id(headers)
        if session_id is None:
            return None
        try:
            return await self._credentials.session(session_id, is_used=is_used)
        except DnsinvError as error:
            raise _unavailable(error) from error

    def _same_origin(self, headers: Headers) -> None:
        if not self._origins.is_same(headers):
            raise _Refused(403, "foreign_origin", "The request does not come from a page of ours.")

    def _signed_in(self, session: Session) -> SignedIn:
        token = self._cookies.csrf_token(session.key)
        return SignedIn(session.key, session.user_id, session.name, session.role, token)

    def _actor(
        self, scope: Scope, user_id: int, name: str, token_scope: TokenScope | None = None
    ) -> Actor:
        door = "api" if _is_in(scope["path"], FOR_PROGRAMS) else "web"
        request_id = scope["state"].get("request_id", "")
        address = self._origins.client(scope)
        return Actor(name, door, user_id, token_scope, address, request_id)

    def _introduce(self, scope: Scope, session: SignedIn) -> None:
        actor = self._actor(scope, session.user_id, session.name)
        scope["state"] |= {"session": session, "role": session.role, "actor": actor}
        told = {
            "user": quote(session.name),  # headers are ASCII
            "role": session.role.value,
            "sid": session.key,
            "uid": str(session.user_id),
            "csrf": session.csrf_token,
            "address": actor.address,
        }
        scope["headers"] = [
            *scope["headers"],
            *((f"{IDENTITY}{name}".encode(), value.encode()) for name, value in told.items()),
        ]


class _Refused(Exception):
    """The request is not let in."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def is_local_path(path: str) -> bool:
    """Whether it leads nowhere but to a page of ours."""
    return path.startswith("/") and not _ODD.search(path) and path.isascii()


def _forget_identity(scope: Scope) -> None:
    scope["headers"] = [
        (name, value)
        for name, value in scope["headers"]
        if not name.lower().replace(b"_", b"-").startswith(IDENTITY.encode())
    ]


def _is_in(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _bearer(headers: Headers) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _unavailable(error: DnsinvError) -> _Refused:
    _log.error("the store does not answer: %s", error)
    return _Refused(503, "store_unavailable", "The store does not answer; the log says more.")


async def _answer(refused: _Refused, scope: Scope, receive: Receive, send: Send) -> None:
    response: Response
    if refused.status == HTTPStatus.SEE_OTHER:
        query = scope["query_string"].decode("latin-1")
        target = quote(scope["path"]) + (f"?{query}" if query else "")
        where = LOGIN if target == "/" else f"{LOGIN}?next={quote(target, safe='/')}"
        response = RedirectResponse(where, HTTPStatus.SEE_OTHER)
    else:
        details = {"request_id": scope["state"].get("request_id", "")}
        error = {"code": refused.code, "message": refused.message, "details": details}
        response = Response(
            json.dumps({"error": error}), refused.status, media_type="application/json"
        )
        if refused.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 4401})
