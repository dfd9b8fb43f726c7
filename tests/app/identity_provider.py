"""A small OpenID Connect provider of our own, which can be told to lie."""

import base64
import hashlib
import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "inventory", "the-secret-of-the-client"


class IdentityProvider:
    """Signs in `person` without asking; `lies` replace claims of its tokens."""

    def __init__(self) -> None:
        self.issuer = ""
        self.person: dict[str, Any] = {}
        self.lies: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.signing_key = self.key
        self.asked: dict[str, Any] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _metadata(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        self.asked = dict(request.query_params)
        self.code = secrets.token_urlsafe(8)
        back = f"{self.asked['redirect_uri']}?code={self.code}&state={self.asked['state']}"
        return RedirectResponse(back)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        verifier = str(form["code_verifier"]).encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_right = (
            request.headers["authorization"] == f"Basic {basic}"
            and form["code"] == self.code
            and challenge.decode() == self.asked["code_challenge"]
        )
        if not is_right:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.code = ""
        at = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": at,
            "exp": at + 60,
            "nonce": self.asked["nonce"],
            **self.person,
            **self.lies,
        }
        token = jwt.encode(
            {"alg": "RS256", "kid": "one"},
            {name: value for name, value in claims.items() if value is not None},
            self.signing_key,
        )
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})
