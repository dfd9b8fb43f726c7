"""Where a request comes from and whom it is for: own names, same origin, the client's address."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from dnsinv.settings import Settings

LOCAL = ("localhost", "127.0.0.1")


class Origins:
    """What one installation takes for its own."""

    def __init__(self, settings: Settings) -> None:
        self._public = origin_of(settings.address)
        self._hosts = {*LOCAL, urlsplit(settings.address).hostname or ""} - {""}
        self._proxies = settings.proxies
        self.is_secure = settings.address.startswith("https:")

    def is_ours(self, headers: Headers) -> bool:
        """Whether the request is for a name of ours: any web page may point one of its own here."""
        return _hostname(headers.get("host", "")) in self._hosts

    def is_same(self, headers: Headers) -> bool:
        """Whether a page of ours sent the request; False where nothing says so."""
        origin, host = headers.get("origin", ""), headers.get("host", "")
        if not origin:
            return False
        return origin == self._public or (_hostname(host) in LOCAL and origin == f"http://{host}")

    def client(self, scope: Scope) -> str:
        """The client's address; that of a trusted proxy's client where it says one."""
        address = str((scope.get("client") or ("",))[0])
        told = [
            part.strip()
            for line in Headers(scope=scope).getlist("x-forwarded-for")
            for part in line.split(",")
        ]
        while told and self._is_proxy(address):
            address = told.pop()
        return address if _is_address(address) else ""

    def _is_proxy(self, address: str) -> bool:
        return _is_address(address) and any(
            ip_address(address) in network for network in self._proxies
        )


def origin_of(address: str) -> str:
    """Scheme, host and port as browsers write them in Origin."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    if ":" in host:
        host = f"[{host}]"
    is_default = port in (None, {"http": 80, "https": 443}.get(parts.scheme))
    return f"{parts.scheme}://{host}{'' if is_default else f':{port}'}"


def _hostname(host: str) -> str:
    try:
        parts = urlsplit(f"//{host}")
        return "" if parts.username is not None or parts.path else parts.hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
