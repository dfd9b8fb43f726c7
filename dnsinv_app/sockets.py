"""Live websockets: each is closed when the session through which it was opened is over."""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from time import monotonic

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from dnsinv.actions.sign_in import Session
from dnsinv.errors import DnsinvError
from dnsinv_app.credentials import Credentials

SIGNED_OUT = 4401  # close code; the pages know it
GLANCE_SECONDS = 1.0  # between looks at the store's version, which cost microseconds
CHECK_SECONDS = 10.0  # between looks at the sessions themselves where nothing has changed
TOUCH_SECONDS = 30.0

_log = logging.getLogger(__name__)


class LiveSockets:
    """The sockets of this process, by the key of their session."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._sockets: dict[str, set[_Socket]] = defaultdict(set)
        self._watch: asyncio.Task[None] | None = None

    async def serve(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, session: Session
    ) -> None:
        """Run the app on a socket until either is done or the session is over."""
        socket = _Socket(session, self._credentials, receive, send)
        self._sockets[session.key].add(socket)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watching(), name="sessions of live sockets")
        try:
            await app(scope, socket.receive, socket.send)
        finally:
            self._sockets[session.key].discard(socket)
            if not self._sockets[session.key]:
                del self._sockets[session.key]

    def close(self, key: str) -> None:
        """Close the sockets of a session that was ended just now."""
        for socket in self._sockets.get(key, ()):
            socket.is_over.set()

    async def _watching(self) -> None:
        """Look for ended sessions, whoever ended them, while there are sockets."""
        version, checked = self._version(), monotonic()
        while self._sockets:
            await asyncio.sleep(GLANCE_SECONDS)
            latest = self._version()
            if latest != version or monotonic() - checked >= CHECK_SECONDS:
                version, checked = latest, monotonic()
                for key in list(self._sockets):
                    await self._check(key)

    def _version(self) -> int | None:
        with suppress(DnsinvError):
            return self._credentials.version()
        return None

    async def _check(self, key: str) -> None:
        try:
            session = await self._credentials.by_key(key, is_used=False)
        except DnsinvError as error:
            _log.warning("sessions of live sockets cannot be looked at: %s", error)
            return
        for socket in self._sockets.get(key, ()):
            # The page was told name and role when its socket opened.
            if session is None or (session.role, session.name) != socket.opened_as:
                socket.is_over.set()


class _Socket:
    """One websocket between its server and the app."""

    def __init__(
        self, session: Session, credentials: Credentials, receive: Receive, send: Send
    ) -> None:
        self.is_over = asyncio.Event()
        self.opened_as = (session.role, session.name)
        self._key = session.key
        self._credentials = credentials
        self._receive, self._send = receive, send
        self._touched = monotonic()
        self._is_closed = False

    async def receive(self) -> Message:
        """What the client says; its end where the session is over."""
        over = asyncio.ensure_future(self.is_over.wait())
        said = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({over, said}, return_when=asyncio.FIRST_COMPLETED)
            if self.is_over.is_set():
                await self._close()
                return {"type": "websocket.disconnect", "code": SIGNED_OUT}
            message = said.result()
        finally:
            for waiting in (over, said):
                waiting.cancel()
        if _is_deed(message) and monotonic() - self._touched >= TOUCH_SECONDS:
            self._touched = monotonic()
            await self._credentials.by_key(self._key, is_used=True)
        return message

    async def send(self, message: Message) -> None:
        """What the app says, as long as the session lasts."""
        if self.is_over.is_set():
            raise OSError("The session is over.")  # as a server says that the client is gone
        await self._send(message)

    async def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._send(
                {"type": "websocket.close", "code": SIGNED_OUT, "reason": "The session is over."}
            )


def _is_deed(message: Message) -> bool:
    """Whether a person did something: heartbeats and runs by timer keep no session alive."""
    data = message.get("bytes")
    if not data:
        return False
    said = BackMsg()
    try:
        said.ParseFromString(data)
    except DecodeError:
        return False
    return said.WhichOneof("type") == "rerun_script" and not said.rerun_script.is_auto_rerun
