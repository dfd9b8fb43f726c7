"""The templates and what they are filled with."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from starlette.responses import HTMLResponse

from dnsinv.actions.overview import Day, Overview
from dnsinv.settings import Settings
from dnsinv_app import chart, words

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """The pages of one installation."""

    def __init__(self, settings: Settings, docs: Sequence[str]) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "brand": settings.brand_name,
            "dagster": settings.dagster_address,
            "docs": docs,
            "oidc": urlsplit(settings.oidc_issuer).hostname or "",
            "tone": words.tone,
            "counted": words.counted,
            "instant": words.instant,
            "listed": words.listed,
            "share": chart.share,
        }
        self._templates.filters |= {"number": words.number, "span": words.span}

    def status(self, state: Overview, headers: Mapping[str, str]) -> HTMLResponse:
        """The status page."""
        page = self._templates.get_template("status.html").render(
            state=state,
            ago=partial(words.ago, now=state.at),
            within=partial(words.within, today=state.at.date()),
            domain_columns=chart.columns([_domains_of(day) for day in state.days]),
            record_columns=chart.columns([_records_of(day) for day in state.days]),
        )
        return HTMLResponse(page, headers=headers)

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


def _domains_of(day: Day) -> chart.Stack:
    parts = (
        ("added", day.added),
        ("modified", day.modified),
        ("moved", day.moved),
        ("removed", day.removed),
    )
    return _stack(day, "domain", parts)


def _records_of(day: Day) -> chart.Stack:
    parts = (
        ("added", day.records_added),
        ("modified", day.records_modified),
        ("removed", day.records_removed),
    )
    return _stack(day, "record", parts)


def _stack(day: Day, noun: str, parts: Sequence[tuple[str, int]]) -> chart.Stack:
    said = [f"{words.counted(count, noun)} {change}" for change, count in parts if count]
    return chart.Stack(f"{day.day}: {words.listed(said) or 'no change'}", parts)
