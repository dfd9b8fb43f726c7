"""The domains: search, filters, pages of rows, and assigning owners to what is ticked."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dnsinv.actions.installation import now
from dnsinv.actions.queries import DomainQuery, Page
from dnsinv.domain.domains import Lifecycle
from dnsinv.domain.permission import Right
from dnsinv.errors import UsageError
from dnsinv_app import words
from dnsinv_app.current import reader
from dnsinv_app.views import assigning, domain_details, people
from dnsinv_app.visitor import Visitor, visitor
from dnsinv_app.widgets.address import Address
from dnsinv_app.widgets.domain_table import domain_table

ROWS = 50
TURNER = "domains-pages"
STATUSES = {"": "Any status"} | {str(word): str(word).capitalize() for word in Lifecycle}
PROVIDERS = {"": "Any provider", "godaddy": "GoDaddy", "cloudflare": "Cloudflare"}
EXPIRING = {"": "Any expiry", "0": "Expired already"} | {
    str(days): f"Within {days} days" for days in (7, 30, 60, 90, 365)
}
FILTERS = ("search", "status", "provider", "owner", "group", "tag", "expiring")
SOON, VERY_SOON = 30, 7  # days

_address = Address((*FILTERS, "sort"), switches=("unowned",))


def page() -> None:
    """Show it."""
    who = visitor()
    told = _address.follow()
    st.html('<h1 class="title">Domains</h1>')
    _filters(who, told)
    assigning.say_result()
    try:
        query = query_of(told, _address.page)
        found = reader().domains(who.actor, query)
        if query.page > max(found.pages, 1):
            query = query_of(told, found.pages)
            found = reader().domains(who.actor, query)
    except UsageError as error:
        st.warning(str(error), icon=":material/filter_alt_off:")
        st.button("Clear the filters", on_click=_address.clear)
        return
    if not found.total:
        _none(told)
        return
    _table(who, told, query, found)


def query_of(told: Mapping[str, str], number: int) -> DomainQuery:
    """What the address asks for.

    Raises:
        UsageError: it asks for what cannot be.
    """
    days = told["expiring"].strip()
    if days and not days.isdecimal():
        raise UsageError(f"{days[:40]!r} is no number of days to expire within.")
    return DomainQuery(
        page=number,
        limit=ROWS,
        search=told["search"],
        status=told["status"],
        provider=told["provider"],
        owner=told["owner"],
        group=told["group"],
        tag=told["tag"],
        expiring=int(days) if days else None,
        unowned=told["unowned"] == "true",
        sort=told["sort"] or "name",
    )


def _filters(who: Visitor, told: Mapping[str, str]) -> None:
    """The search field and what narrows the list; all of it stands in the address."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        st.text_input(
            "Search domains",
            type="search",
            placeholder="Search domains",
            label_visibility="collapsed",
            live=True,
            width=220,
            **_address.widget("search"),
        )
        _choice("status", "Status", STATUSES)
        _choice("provider", "Provider", PROVIDERS)
        _choice("owner", "Owner", people.owner_filter(who))
        _choice("expiring", "Expiry", EXPIRING)
        st.toggle("Unowned", **_address.widget("unowned"))
    _others(told)


def _choice(name: str, label: str, options: Mapping[str, str]) -> None:
    value = str(st.session_state.get(name, ""))
    known = {**options, value: options.get(value, value)}  # whatever the address says
    st.selectbox(
        label,
        list(known),
        format_func=lambda each: known.get(each, each),
        label_visibility="collapsed",
        width=142,
        **_address.widget(name),
    )


def _others(told: Mapping[str, str]) -> None:
    """Filters that came with a link and have no widget of their own."""
    others = [f"{name} {told[name]}" for name in ("group", "tag") if told[name]]
    if others:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Only {words.listed(others)}")
            st.button(
                "Show all", type="tertiary", on_click=_address.set, kwargs={"group": "", "tag": ""}
            )


def _table(who: Visitor, told: Mapping[str, str], query: DomainQuery, found: Page) -> None:
    today = now().date()
    shown = f"{urlencode(told)} {query.page} {assigning.generation()}"
    picked, opened = domain_table(
        shown,
        [_row(item, today) for item in found.items],
        found.total,
        title=f"Domains, page {query.page} of {found.pages}",
        sort=query.sort,
        links=_exports(told),
        can_assign=who.may(Right.ASSIGN),
        sort_by=lambda sort: _address.set(sort="" if sort == "name" else sort),
    )
    if found.pages > 1:
        with st.container(horizontal_alignment="center", key="pages"):
            st.session_state[TURNER] = query.page
            st.pagination(found.pages, key=TURNER, on_change=_address.turner(TURNER))
    if picked:
        assigning.dialog(who, picked, query, found.total)
    elif opened:
        domain_details.open_details(who, opened)


def _row(item: Mapping[str, Any], today: date) -> dict[str, Any]:
    """A domain as the table shows it."""
    expires = date.fromisoformat(item["expires_on"]) if item["expires_on"] else None
    return {
        "name": item["name"],
        "shown": item["unicode_name"],
        "status": item["status"],
        "tone": words.tone(item["godaddy_status"], item["cloudflare_status"]),
        "expires": item["expires_on"] or "",
        **_urgency(expires, today),
        "renewal": {True: "automatic", False: "by hand"}.get(item["auto_renew"], ""),
        "owners": [
            *(("group", name) for name in item["groups"]),
            *(("user", name) for name in item["owners"]),
        ],
        "sources": [_source(source) for source in item["sources"] or ()],
        "records": item["record_count"] or 0,
        "tags": item["tags"],
        "note": item["note"],
    }


def _urgency(expires: date | None, today: date) -> dict[str, str]:
    if expires is None or (expires - today).days > SOON:
        return {"within": "", "urgency": ""}
    return {
        "within": words.within(expires, today),
        "urgency": "bad" if (expires - today).days <= VERY_SOON else "doubtful",
    }


def _exports(told: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same list as files."""
    query = urlencode({name: value for name, value in told.items() if value})
    tail = f"?{query}" if query else ""
    return [(kind, f"/export/domains.{kind.lower()}{tail}") for kind in ("CSV", "Parquet", "JSON")]


def _none(told: Mapping[str, str]) -> None:
    if any(value for name, value in told.items() if name != "sort"):
        st.info("No domain matches these filters.", icon=":material/search_off:")
        st.button("Clear the filters", on_click=_address.clear)
    else:
        st.info("There is no domain yet.", icon=":material/inbox:")
        st.html('<p><a href="/">The overview</a> says how to begin.</p>')


def _source(source: str) -> str:
    """An account by its name; an import as such, for nothing is held there."""
    provider, _, account = source.rpartition("/")
    return f"import {account}" if provider == "import" else account
