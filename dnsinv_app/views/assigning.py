"""Assigning owners to what is ticked: whom, and beside or instead of whom."""

import streamlit as st

from dnsinv.actions.assign import Assigned, Mode, assign_domains
from dnsinv.actions.queries import DomainQuery
from dnsinv.errors import DnsinvError
from dnsinv_app import words
from dnsinv_app.current import installation, reader
from dnsinv_app.views import people
from dnsinv_app.visitor import Visitor
from dnsinv_app.widgets.domain_table import Picked

HOW = {Mode.ADD: "Add", Mode.REPLACE: "Replace", Mode.REMOVE: "Remove"}
EXPLAINED = {
    Mode.ADD: "They come to the owners that there are.",
    Mode.REPLACE: "They take the place of the owners that there are; without any, nobody is left.",
    Mode.REMOVE: "They no longer own these domains; other owners stay.",
}
_GENERATION, _RESULT = "assigned-times", "assigned-result"


def generation() -> int:
    """How often something was assigned: with each, what was ticked is ticked no longer."""
    return int(st.session_state.get(_GENERATION, 0))


def say_result() -> None:
    """Say once what the last assignment did."""
    if said := st.session_state.pop(_RESULT, ""):
        st.toast(said, icon=":material/check_circle:")


@st.dialog("Assign owners", width="medium")
def dialog(who: Visitor, picked: Picked, query: DomainQuery, total: int) -> None:
    """Ask whom, and do it."""
    count = total if picked.is_all else len(picked.names)
    st.markdown(_what(picked, count))
    how = st.segmented_control(
        "How",
        list(HOW),
        format_func=HOW.__getitem__,
        default=Mode.ADD,
        required=True,
        key="assign-how",
    )
    known = people.owners(who)
    chosen = st.multiselect(
        "Owners",
        list(known),
        format_func=lambda each: known.get(each, each),
        placeholder="Users and groups",
        accept_new_options=True,
        help="Or type a user's name or e-mail address, or group:NAME.",
        key="assign-owners",
    )
    st.caption(EXPLAINED[how])
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="assign-cancel"):
            st.rerun()
        is_ready = st.button(
            f"{HOW[how]} owners",
            type="primary",
            disabled=not chosen and how is not Mode.REPLACE,
            key="assign-submit",
        )
    if is_ready:
        _assign(who, picked, query, chosen, how)


def _assign(who: Visitor, picked: Picked, query: DomainQuery, chosen: list[str], how: Mode) -> None:
    try:
        with st.spinner("Assigning"):
            names = reader().names_of(who.actor, query) if picked.is_all else list(picked.names)
            done = assign_domains(installation(), who.actor, names, chosen, how)
    except DnsinvError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state[_RESULT] = _said(done, chosen, how)
    st.session_state[_GENERATION] = generation() + 1
    st.rerun()


def _what(picked: Picked, count: int) -> str:
    if picked.is_all:
        return f"All **{words.counted(count, 'domain')}** that match the filters."
    first = ", ".join(f"`{name}`" for name in picked.names[:3])
    more = count - 3
    return f"{first} and {words.number(more)} more." if more > 0 else f"{first}."


def _said(done: Assigned, chosen: list[str], how: Mode) -> str:
    """What came of it, in words."""
    who = words.listed([each.partition(":")[2] or each for each in chosen]) or "nobody"
    what = words.counted(done.assets, "domain")
    if how is Mode.REMOVE:
        return f"{who}: released from {words.number(done.ended)} of {what}."
    verb = "now owns" if len(chosen) < 2 else "now own"
    changed = f"{words.number(done.added)} new, {words.number(done.unchanged)} as before"
    ended = f", {words.number(done.ended)} ended" if how is Mode.REPLACE else ""
    return f"{who} {verb} {what}: {changed}{ended}."
