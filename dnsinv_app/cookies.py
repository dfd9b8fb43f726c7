"""The cookie that carries a session's id, and the token that proves a write comes from our page."""

import hashlib
import hmac
import secrets
from pathlib import Path

from itsdangerous import BadSignature, Signer
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from dnsinv.settings import Settings
from dnsinv.store.database import StoreError

SECRET_FILE = "session-secret"  # noqa: S105 - its name


class Cookies:
    """The cookie of one installation.

    Raises:
        StoreError: the secret that signs it cannot be read or made.
    """

    def __init__(self, settings: Settings) -> None:
        secret, is_secure = session_secret(settings), settings.address.startswith("https:")
        self._signer = Signer(secret, salt="dnsinv.session", digest_method=hashlib.sha256)
        self._secret = secret
        self._csrf_key = self.derived_secret("csrf").encode()
        self._is_secure = is_secure
        self._max_age = settings.session_hours * 3600
        # With the prefix, browsers take it from this very host over TLS only.
        self.name = "__Host-dnsinv" if is_secure else "dnsinv"

    def session_id(self, headers: Headers) -> str | None:
        """The session id in the cookie; None where there is none or somebody else signed it.

        Two cookies of that name are none: one of them was planted.
        """
        found = [
            value
            for line in headers.getlist("cookie")
            for part in line.split(";")
            for name, value in cookie_parser(part).items()
            if name == self.name
        ]
        if len(found) != 1:
            return None
        try:
            return self._signer.unsign(found[0]).decode("ascii")
        except (BadSignature, UnicodeError):
            return None

    def value(self, session_id: str) -> str:
        """What the cookie carries."""
        return self._signer.sign(session_id).decode("ascii")

    def give(self, response: Response, session_id: str) -> None:
        """Send the cookie with an answer."""
        self._set(response, self.value(session_id), self._max_age)

    def take(self, response: Response) -> None:
        """Have the browser forget it."""
        self._set(response, "", 0)

    def derived_secret(self, purpose: str) -> str:
        """Another secret, from which this one cannot be found."""
        return hmac.new(self._secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    def csrf_token(self, key: str) -> str:
        """What writes of the session with that key must carry."""
        return hmac.new(self._csrf_key, key.encode(), hashlib.sha256).hexdigest()

    def _set(self, response: Response, value: str, max_age: int) -> None:
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )


def session_secret(settings: Settings) -> str:
    """SESSION_SECRET, else what is kept in DB_PATH, made at first use.

    Raises:
        StoreError: the file cannot be read or made.
    """
    given = settings.session_secret.get_secret_value()
    if given:
        return given
    path = settings.data_path / SECRET_FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise StoreError(f"The session secret {path} cannot be read or made: {error}.") from error


def _make(path: Path) -> None:
    """Write it whole, so that two processes that start together have the same one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(secrets.token_urlsafe(32), encoding="ascii")
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
