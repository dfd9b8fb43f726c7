"""Streamlit behind the gate: its settings, the page that starts it, and what of it is served."""

import base64
import hashlib
import html
import re
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.file_util import get_static_dir
from streamlit.starlette import App

from dnsinv.settings import Settings
from dnsinv_app import theme
from dnsinv_app.views.places import PLACES
from dnsinv_app.visitor import USER_HEADERS

SCRIPT = Path(__file__).parent / "views" / "main.py"
PAGES = frozenset(f"/{place.path}" for place in PLACES)

SERVED = (
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/stream",
    "/_stcore/bidi-components/",
    "/component/",
    "/media/",
    "/static/",
)
"""What the pages need of Streamlit; its metrics, agent API and own sign-in stay closed.

So do its uploads, of which it keeps in memory as many as anybody sends.
"""

OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "logger.enableRich": False,
    "runner.magicEnabled": False,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.trustedUserHeaders": USER_HEADERS,
}
_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def streamlit_app() -> App:
    """Streamlit with our script; one in a process."""
    for name, value in (OPTIONS | theme.OPTIONS).items():
        config.set_option(name, value)
    # Without a secret, every look at st.user searches the disk for a file of them, under a lock.
    return App(SCRIPT, secrets={"dnsinv": "none"})


class Shell:
    """Of Streamlit, what the pages need; None of its paths else is known here."""

    def __init__(self, app: ASGIApp, missing: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._missing = missing
        page = start_page(settings.brand_name)
        self._page = HTMLResponse(page, headers={"Content-Security-Policy": policy_for(page)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["type"] == "http" and path in PAGES and scope["method"] in ("GET", "HEAD"):
            await self._page(scope, receive, send)
        elif path.startswith(SERVED):
            await self._app(scope, receive, send)
        else:
            await self._missing(scope, receive, send)


def start_page(brand: str) -> str:
    """Streamlit's index.html, without what speaks of services we close, with our script first."""
    page = (Path(get_static_dir()) / "index.html").read_text(encoding="utf-8")
    page = re.sub(r"<!--.*?-->\s*", "", page, flags=re.DOTALL)
    page = re.sub(r'<link rel="service-desc"[^>]*>\s*', "", page)
    page = re.sub(
        r"<noscript>.*?</noscript>", "<noscript>Switch JavaScript on.</noscript>", page, flags=re.S
    )
    ours = '<script src="/assets/session.js"></script>'
    page = page.replace("./favicon.png", "/assets/favicon.svg")
    page = re.sub(
        "<title>.*?</title>", lambda _: f"<title>{html.escape(brand)}</title>{ours}", page
    )
    return page.strip() + "\n"


def policy_for(page: str) -> str:
    """The strictest policy under which Streamlit runs; of inline scripts, the page's only."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE.findall(page)
    )
    return (
        "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
        "form-action 'self'; connect-src 'self'; font-src 'self' data:; img-src 'self' data:; "
        f"style-src 'self' 'unsafe-inline'; script-src 'self' blob: {hashes}"
    ).strip()
