"""Which class reads which kind of account: from an account's settings to a ready provider."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from dnsinv.errors import BadSetting
from dnsinv.http import Api, Clock, Explain, Limiter, Patience, Rate, Sleep, interruptible
from dnsinv.providers import cloudflare, godaddy
from dnsinv.providers.cloudflare import Cloudflare
from dnsinv.providers.godaddy_v1 import GoDaddyV1
from dnsinv.providers.godaddy_v3 import GoDaddyV3
from dnsinv.providers.provider import Provider

CLOUDFLARE_URL = "https://api.cloudflare.com/client/v4"
GODADDY_URL = "https://api.godaddy.com"

# As published or reported, collected 2026-11-23.
CLOUDFLARE_RATE = Rate(1200, 300)  # per user or token; beyond it everything is refused for 5 min
GODADDY_V1_RATE = Rate(60, 60)  # per endpoint
GODADDY_V3_RATE = Rate(600, 23 * 60)


@dataclass(frozen=True, slots=True, repr=False)
class _Access:
    """How one kind of account is reached; `endpoint` names the limit that a path falls under."""

    reader: Callable[[Api], Provider]
    base_url: str
    authorization: str
    secrets: tuple[str, ...]
    rate: Rate
    explain: Explain
    endpoint: Callable[[str], str] = lambda _: ""


def open_provider(
    *,
    provider: str,
    base_url: str = "",
    key: str = "",
    secret: str = "",
    token: str = "",
    rate: Rate | None = None,
    state_dir: Path | None = None,
    stopping: threading.Event | None = None,
    patience: Patience | None = None,
    wire: httpx.BaseTransport | None = None,
    sleep: Sleep | None = None,
    clock: Clock = time.time,
) -> Provider:
    """A provider, ready to be read and to be closed in the end.

    GoDaddy is read through v3 with a token, through v1 with a key and its secret. `rate` replaces
    the published limit and then holds for all of the credential's requests together. With
    `state_dir` all processes that use the credential share its limit. `stopping` ends every wait.
    `wire`, `sleep` and `clock` are for tests.

    Raises:
        BadSetting: the provider is unknown, or its credential or base_url is missing or malformed.
    """
    access = _access(provider, key.strip(), secret.strip(), token.strip())
    url = _checked_url(base_url.strip() or access.base_url)
    stopping = stopping or threading.Event()
    waiting = sleep or interruptible(stopping)
    limiters: dict[str, Limiter] = {}

    def limiter_for(path: str) -> Limiter:
        endpoint = "" if rate else access.endpoint(path)
        return limiters[endpoint]

    for endpoint in {"", access.endpoint("/records")}:
        state = state_dir / f"{_fingerprint(url, access)}{endpoint}.rate" if state_dir else None
        limiters[endpoint] = Limiter(rate or access.rate, state, clock, waiting)
    return access.reader(
        Api(
            url,
            access.authorization,
            limiter_for,
            access.explain,
            secrets=access.secrets,
            patience=patience,
            wire=wire,
            stopping=stopping,
            sleep=waiting,
            clock=clock,
        )
    )


def _access(provider: str, key: str, secret: str, token: str) -> _Access:
    for credential in (key, secret, token):
        if not credential.isascii() or not credential.isprintable() or " " in credential:
            raise BadSetting(
                f"A credential of the {provider} account holds characters that none has, such as"
                " spaces; set it again, without quotes or line ends."
            )
    match provider:
        case "cloudflare" if token:
            return _Access(
                reader=Cloudflare,
                base_url=CLOUDFLARE_URL,
                authorization=f"Bearer {token}",
                secrets=(token,),
                rate=CLOUDFLARE_RATE,
                explain=cloudflare.explain,
            )
        case "godaddy" if token:
            return _Access(
                reader=GoDaddyV3,
                base_url=GODADDY_URL,
                authorization=f"Bearer {token}",
                secrets=(token,),
                rate=GODADDY_V3_RATE,
                explain=godaddy.explain,
            )
        case "godaddy" if key and secret:
            return _Access(
                reader=GoDaddyV1,
                base_url=GODADDY_URL,
                authorization=f"sso-key {key}:{secret}",
                secrets=(key, secret),
                rate=GODADDY_V1_RATE,
                explain=godaddy.explain,
                endpoint=lambda path: "-records" if "/records" in path else "",
            )
        case "cloudflare":
            raise BadSetting("A Cloudflare account needs a token.")
        case "godaddy":
            raise BadSetting("A GoDaddy account needs a token, or a key and its secret.")
    raise BadSetting(f"{provider!r} is no known provider; choose cloudflare or godaddy.")


def _checked_url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as trouble:
        raise BadSetting(f"base_url is not a URL: {trouble}.") from trouble
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise BadSetting("base_url must look like https://host/path, without credentials in it.")
    return text.rstrip("/")


def _fingerprint(url: str, access: _Access) -> str:
    """A file name that is the same for one credential at one API, and tells nothing about it."""
    return hashlib.sha256(f"{url}\n{access.authorization}".encode()).hexdigest()[:32]
