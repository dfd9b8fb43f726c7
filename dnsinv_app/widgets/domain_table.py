"""The table of domains: real HTML, one page of rows, and a bar for what is ticked.

What is ticked stays in the browser until something is to be done with it, so that no tick waits for
the server.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
KEY = "domains-table"

_component = st.components.v2.component(
    "dnsinv_domain_table",
    html='<div class="domains"></div>',
    css=(_HERE / "domain_table.css").read_text(encoding="utf-8"),
    js=(_HERE / "domain_table.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Picked:
    """What is to be assigned: these domains, or with `is_all` whatever the filters choose."""

    names: tuple[str, ...]
    is_all: bool


def domain_table(
    shown: str,
    rows: Sequence[Mapping[str, Any]],
    total: int,
    *,
    title: str,
    sort: str,
    links: Sequence[tuple[str, str]],
    can_assign: bool,
    sort_by: Callable[[str], None],
) -> tuple[Picked | None, str]:
    """Show a page of domains.

    Args:
        shown: what tells this page of these filters from all others; where it changes, nothing is
            ticked any more.
        rows: as views/domains.py writes them.
        total: how many there are on all pages.
        links: what the exports are called, and their addresses.
        sort_by: called with the order that the reader chose.

    Returns:
        What the reader has just asked to assign, and the domain just asked to be opened or "".
    """
    data = {
        "shown": shown,
        "rows": list(rows),
        "total": total,
        "title": title,
        "sort": sort,
        "links": [list(link) for link in links],
        "canAssign": can_assign,
    }
    said = _component(
        key=KEY,
        data=data,
        on_assign_change=_nothing,
        on_open_change=_nothing,
        on_sort_change=lambda: sort_by(str(st.session_state[KEY].sort or "name")),
    )
    return _picked(said.assign, shown), str(said.open or "")


def _picked(said: Any, shown: str) -> Picked | None:
    """What the browser says, unless it speaks of rows that are not there any more."""
    if not isinstance(said, dict) or said.get("shown") != shown:
        return None
    names = tuple(str(name) for name in said.get("names", ()))
    return Picked(names, said.get("all") is True)


def _nothing() -> None:
    """Triggers run the script by themselves."""
