"""One domain: what is known of it, and the note and tags that people keep of it."""

import html
from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from dnsinv.actions.annotate import annotate, annotation_of
from dnsinv.actions.explain import explain
from dnsinv.domain.permission import Right
from dnsinv.domain.text import LONGEST_NOTE
from dnsinv.errors import DnsinvError
from dnsinv.store.annotations import Annotation
from dnsinv_app import words
from dnsinv_app.current import installation, reader
from dnsinv_app.visitor import Visitor


def open_details(who: Visitor, name: str) -> None:
    """Open a dialog about it."""
    try:
        found = reader().domain(who.actor, name)
        if found is None:
            st.toast(f"There is no domain {name} any more.", icon=":material/error:")
            return
        known = annotation_of(installation(), who.actor, found["base_name"])
        grounds = explain(
            installation(), who.actor, who.actor.user_id or 0, found["base_name"]
        ).grounds
    except DnsinvError as error:
        st.toast(str(error), icon=":material/error:")
        return
    may_annotate = any(each.is_granted for each in grounds if each.right is Right.ANNOTATE)
    _dialog(who, found, known, may_annotate=may_annotate)


@st.dialog("Domain", width="medium")
def _dialog(
    who: Visitor, found: Mapping[str, Any], known: Annotation, *, may_annotate: bool
) -> None:
    facts = list(_facts(found))
    if not may_annotate:
        facts += [("Tags", ", ".join(known.tags) or "–"), ("Note", known.note or "–")]
    items = "".join(
        f"<dt>{html.escape(what)}</dt><dd>{html.escape(text)}</dd>" for what, text in facts
    )
    st.html(f'<dl class="facts">{items}</dl>')
    if may_annotate:
        _annotation(who, known)


def _facts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Name", found["unicode_name"]
    if found["unicode_name"] != found["name"]:
        yield "In ASCII", found["name"]
    yield "Status", f"{found['status']} at (GoDaddy, Cloudflare)"
    yield "Held at", ", ".join(found["sources"] or ()) or "–"
    groups = [f"{group} (group)" for group in found["groups"]]
    yield "Owners", ", ".join([*groups, *found["owners"]]) or "nobody"
    yield "Expires", f"{found['expires_on'] or '–'}{_renewal(found['auto_renew'])}"
    yield "Registered", found["registered_on"] or "–"
    yield "Known since", found["discovered_on"] or "–"
    if found["removed_on"]:
        yield "Gone since", found["removed_on"]
    yield "Name servers", ", ".join(found["nameservers"] or ()) or "–"
    yield "DNS records", words.number(found["record_count"] or 0)


def _renewal(auto_renew: bool | None) -> str:
    if auto_renew is None:
        return ""
    return ", renews by itself" if auto_renew else ", renewed by hand"


def _annotation(who: Visitor, known: Annotation) -> None:
    """Note and tags to change, unless somebody else did since the dialog was opened."""
    with st.form("annotation", border=False, enter_to_submit=False):
        note = st.text_area("Note", known.note, height=90, max_chars=LONGEST_NOTE)
        tags = st.multiselect(
            "Tags",
            list(known.tags),
            list(known.tags),
            accept_new_options=True,
            placeholder="Write one and press Enter",
        )
        is_sent = st.form_submit_button("Save", type="primary")
    if not is_sent:
        return
    try:
        annotate(
            installation(),
            who.actor,
            known.domain,
            note=note,
            tags=tags,
            expected=known.changed_in,
        )
    except DnsinvError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()
