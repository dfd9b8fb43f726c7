"""The overview: figures, accounts, changes, what expires and what waits for a decision."""

from dataclasses import replace
from datetime import datetime, timedelta

import streamlit as st

from dnsinv.actions.installation import Installation, now
from dnsinv.actions.overview import Overview
from dnsinv.actions.state import overview
from dnsinv.domain.permission import Role
from dnsinv.errors import BadSetting
from dnsinv.settings import load_accounts
from dnsinv_app.current import installation
from dnsinv_app.documents import documents
from dnsinv_app.visitor import visitor
from dnsinv_app.widgets.overview_cards import overview_cards

REFRESH = timedelta(seconds=10)  # while a collection runs
FRESH = timedelta(seconds=2)


def page() -> None:
    """Show it, again and again while a collection runs."""
    st.html('<h1 class="title">Overview</h1>')
    state = look(installation(), now())
    show = st.fragment(_cards, run_every=REFRESH if state.is_collecting else None)
    show(state)


def _cards(state: Overview) -> None:
    if now() - state.at > FRESH:  # run by the timer
        state = look(installation(), now())
    is_admin = visitor().role is Role.ADMIN
    dagster = installation().settings.dagster_address if is_admin else ""
    overview_cards(state, dagster, list(documents()))


def look(installed: Installation, at: datetime) -> Overview:
    """The state at an instant, with the accounts as they are configured then."""
    try:
        accounts = tuple(load_accounts(installed.settings))
    except BadSetting as error:
        return Overview(at, problems=[str(error)])
    return overview(replace(installed, accounts=accounts), at)
