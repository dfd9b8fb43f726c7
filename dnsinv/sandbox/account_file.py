"""The account file that makes the product collect from a running sandbox."""

from pathlib import Path

from dnsinv.sandbox.app import CLOUDFLARE_BASE, GODADDY_BASE
from dnsinv.sandbox.credentials import CLOUDFLARE_TOKEN, GODADDY_KEY, GODADDY_SECRET, GODADDY_TOKEN
from dnsinv.sandbox.rates import Rate
from dnsinv.sandbox.view import Provider

_HEADER = """\
# Written by `dnsinv sandbox`: accounts at the local stand-ins for GoDaddy and Cloudflare.
# Their credentials are in clear because they open nothing but the sandbox. Never put a real one
# here.
"""
_CREDENTIAL_COMMENT = "# sandbox credential, in clear on purpose"


def write_account_file(
    path: Path,
    base_url: str,
    *,
    provider: Provider = Provider.BOTH,
    rate: Rate | None = None,
    godaddy_version: int = 3,
) -> None:
    """Write a dnsinv.toml with one account for each provider that the sandbox stands in for.

    `rate` tells the client what it is allowed; without it the providers' published limits hold.
    GoDaddy is reached by token (v3) or, with `godaddy_version` 1, by key and secret.
    """
    key = f'{{key = "{GODADDY_KEY}", secret = "{GODADDY_SECRET}"}}'
    token = f'{{token = "{GODADDY_TOKEN}"}}'
    accounts = []
    if provider is not Provider.CLOUDFLARE:
        credential = key if godaddy_version == 1 else token
        accounts.append(_account("godaddy", f"{base_url}{GODADDY_BASE}", rate, credential))
    if provider is not Provider.GODADDY:
        credential = f'{{token = "{CLOUDFLARE_TOKEN}"}}'
        accounts.append(_account("cloudflare", f"{base_url}{CLOUDFLARE_BASE}", rate, credential))
    path.write_text("\n".join([_HEADER, *accounts]), encoding="utf-8")


def _account(provider: str, base_url: str, rate: Rate | None, credential: str) -> str:
    lines = [
        "[[accounts]]",
        f'name = "{provider}-sandbox"',
        f'provider = "{provider}"',
        f'base_url = "{base_url}"',
        f"clear_credential = {credential}  {_CREDENTIAL_COMMENT}",
    ]
    if rate:
        lines.insert(4, f"rate = {{requests = {rate.requests}, seconds = {rate.seconds:g}}}")
    return "\n".join(lines) + "\n"
