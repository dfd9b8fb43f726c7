"""/login/oidc: signing in through an identity provider (OpenID Connect, code flow with PKCE)."""

import logging
import warnings
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
from anyio import to_thread
from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dnsinv.actions.identity import Identity, sign_in_as
from dnsinv.actions.sign_in import SignInRefused
from dnsinv.errors import DnsinvError
from dnsinv.settings import Settings
from dnsinv_app.door import Door
from dnsinv_app.gate import LOGIN
from dnsinv_app.pages import Pages
from dnsinv_app.sign_in_pages import SignInPages, destination

START, CALLBACK = f"{LOGIN}/oidc", f"{LOGIN}/oidc/callback"
PATIENCE_SECONDS = 10.0  # with the provider
ATTEMPT_SECONDS = 600  # for the person to sign in there
NEXT = "next"
ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA", "Ed25519"}
"""By which a provider may sign; those whose key both sides know are not among them."""

FAILURES = (AuthlibBaseError, JoseError, httpx.HTTPError, ValueError, KeyError, RuntimeError)

_log = logging.getLogger(__name__)


class OidcPages:
    """The routes of one installation; none where OIDC_ISSUER is not set."""

    def __init__(self, door: Door, pages: Pages, sign_in: SignInPages) -> None:
        self._door = door
        self._pages = pages
        self._sign_in = sign_in
        self._settings = door.installation.settings
        self._client: Any = _client(self._settings) if self._settings.oidc_issuer else None

    def routes(self) -> list[Route]:
        if not self._settings.oidc_issuer:
            return []
        # What one attempt must remember (state, nonce, verifier), signed, in the browser.
        remembering = Middleware(
            SessionMiddleware,
            secret_key=self._door.cookies.derived_secret("oidc"),
            session_cookie="dnsinv-oidc",
            max_age=ATTEMPT_SECONDS,
            path=START,
            https_only=self._door.origins.is_secure,
        )
        return [
            Route(START, self.start, methods=["GET"], middleware=[remembering]),
            Route(CALLBACK, self.finish, methods=["GET"], middleware=[remembering]),
        ]

    async def start(self, request: Request) -> Response:
        """To the provider, and back to `next` in the end."""
        request.session[NEXT] = destination(request.query_params.get("next", ""))
        try:
            sent: RedirectResponse = await self._client.authorize_redirect(
                request, f"{self._settings.address}{CALLBACK}"
            )
        except FAILURES as error:
            return self._failed(error)
        return sent

    async def finish(self, request: Request) -> Response:
        """A session for whoever the provider says it is."""
        where = destination(request.session.pop(NEXT, ""))
        try:
            claims = await self._claims(request)
        except FAILURES as error:
            return self._failed(error)
        sign_in = partial(
            sign_in_as,
            self._door.installation,
            _identity(self._settings.oidc_issuer, claims),
            self._sign_in.visitor(request),
        )
        try:
            opened = await to_thread.run_sync(sign_in)
        except SignInRefused as error:
            return self._pages.login(where, "", str(error), HTTPStatus.FORBIDDEN)
        except DnsinvError as error:
            return self._failed(error)
        return self._sign_in.enter(opened, where)

    async def _claims(self, request: Request) -> dict[str, Any]:
        """The identity token's claims: signature, issuer, audience, times and nonce are right."""
        metadata = await self._client.load_server_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [
            name for name in offered if name in ALGORITHMS
        ]
        issuer = self._settings.oidc_issuer
        options = {
            "iss": {"essential": True, "values": [issuer, f"{issuer}/"]},
            "aud": {"essential": True, "values": [self._settings.oidc_client_id]},
        }
        token = await self._client.authorize_access_token(request, claims_options=options)
        return dict(token["userinfo"])

    def _failed(self, error: Exception) -> Response:
        _log.warning("sign-in through the provider failed: %s", type(error).__name__)
        text = "Signing in through the identity provider failed; try again."
        return self._pages.login("/", "", text, HTTPStatus.BAD_GATEWAY)


def _client(settings: Settings) -> Any:
    with warnings.catch_warnings():
        from authlib import deprecate  # sets a filter of its own, over ours if it came later

        # Authlib prefers httpx2 where there is both, and says so at import.
        warnings.simplefilter("ignore", deprecate.AuthlibDeprecationWarning)
        from authlib.integrations.starlette_client import OAuth
    secret = settings.oidc_client_secret.get_secret_value()
    return OAuth().register(
        "oidc",
        client_id=settings.oidc_client_id,
        client_secret=secret or None,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "timeout": PATIENCE_SECONDS,
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
        },
    )


def _identity(issuer: str, claims: dict[str, Any]) -> Identity:
    email = claims.get("email") if claims.get("email_verified") is True else None
    return Identity(issuer, str(claims["sub"]), email if isinstance(email, str) else "")
