"""The pages outside of Streamlit: signing in, and those that only say something."""

from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from starlette.responses import HTMLResponse

from dnsinv.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """The pages of one installation."""

    def __init__(self, settings: Settings) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "brand": settings.brand_name,
            "oidc": urlsplit(settings.oidc_issuer).hostname or "",
        }

    def login(
        self, where: str, name: str = "", problem: str = "", status: int = 200
    ) -> HTMLResponse:
        """The sign-in page, going on to `where`."""
        page = self._templates.get_template("login.html").render(
            next="" if where == "/" else where, name=name, problem=problem
        )
        return HTMLResponse(page, status)

    def message(self, code: int, title: str, text: str) -> HTMLResponse:
        """A page that only says something."""
        page = self._templates.get_template("message.html").render(title=title, text=text)
        return HTMLResponse(page, code)
