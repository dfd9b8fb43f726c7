"""The shell of the pages: where one can go, who is signed in, and the way out."""

import html

import streamlit as st
from streamlit.navigation.page import Page

from dnsinv.domain.permission import Role
from dnsinv.errors import DnsinvError
from dnsinv_app.current import installation
from dnsinv_app.views.places import PLACES
from dnsinv_app.visitor import Visitor, visitor
from dnsinv_app.widgets.dress import dress

SIDEBAR = 240  # pixels; closed on a phone

settings = installation().settings
brand = settings.brand_name


def elsewhere(who: Visitor) -> None:
    """What is not a page of ours."""
    links = [("/api/docs", "API")]
    if who.role is Role.ADMIN:
        links.append((settings.dagster_address, "Dagster"))
    items = "".join(
        f'<li><a href="{html.escape(address)}">{name}</a></li>' for address, name in links
    )
    st.html(f'<ul class="elsewhere">{items}</ul>')


def sign_out(who: Visitor) -> None:
    """Who is signed in, and the form that ends it."""
    name, initial = html.escape(who.actor.name), html.escape(who.actor.name[:1].upper())
    st.html(
        f'<div class="who" role="group" aria-label="Signed in as {name} ({who.role})">'
        f'<span class="face" aria-hidden="true">{initial}</span>'
        f"<p><strong>{name}</strong><small>{who.role}</small></p>"
        '<form method="post" action="/logout">'
        f'<input type="hidden" name="csrf_token" value="{html.escape(who.csrf_token)}">'
        '<button type="submit">Sign out</button></form></div>'
    )


def sidebar(who: Visitor, pages: list[Page]) -> None:
    """Where one can go.

    Links of our own: of a page with a symbol, Streamlit fetches the favicon from a host of fonts.
    """
    with st.sidebar:
        st.html(f'<p class="brand"><img src="/assets/favicon.svg" alt="">{html.escape(brand)}</p>')
        for place, page in zip(PLACES, pages, strict=True):
            st.page_link(page, icon=place.icon)
        elsewhere(who)
        sign_out(who)


who = visitor()
pages = [
    st.Page(place.show, title=place.title, url_path=place.path, default=not place.path)
    for place in PLACES
]
chosen = st.navigation(pages, position="hidden")
st.set_page_config(
    page_title=f"{chosen.title} · {brand}",
    layout="wide",
    initial_sidebar_state=SIDEBAR,
)
dress()
sidebar(who, pages)
try:
    chosen.run()
except DnsinvError as error:  # the store does not answer, or somebody may not even read
    st.error(str(error), icon=":material/error:")
