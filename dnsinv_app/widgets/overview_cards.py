"""The cards of the overview: templates filled with the state of the installation."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import jinja2
import streamlit as st

from dnsinv.actions.overview import Day, Overview
from dnsinv_app import chart, words

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "dnsinv_overview",
    html='<div class="overview"></div>',
    css=(_HERE / "overview_cards.css").read_text(encoding="utf-8"),
    js=(_HERE / "overview_cards.js").read_text(encoding="utf-8"),
)


def overview_cards(state: Overview, dagster: str, docs: Sequence[str]) -> None:
    """Show them."""
    _component(key="overview-cards", data={"html": written(state, dagster, docs)})


def written(state: Overview, dagster: str, docs: Sequence[str] = ()) -> str:
    """The cards as HTML.

    Args:
        dagster: address of its interface, "" for those to whom it is closed.
        docs: names of the documents at /docs.
    """
    return _environment.get_template("overview/overview.html").render(
        state=state,
        dagster=dagster,
        docs=docs,
        ago=partial(words.ago, now=state.at),
        within=partial(words.within, today=state.at.date()),
        domain_columns=chart.columns([_domains_of(day) for day in state.days]),
        record_columns=chart.columns([_records_of(day) for day in state.days]),
    )


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


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE.parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals |= {
    "tone": words.tone,
    "counted": words.counted,
    "instant": words.instant,
    "listed": words.listed,
    "share": chart.share,
}
_environment.filters |= {"number": words.number, "span": words.span}
