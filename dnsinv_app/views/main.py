"""The shell of the pages: who is signed in, and the way out."""

import html

import streamlit as st

from dnsinv_app.current import installation
from dnsinv_app.visitor import visitor

brand = installation().settings.brand_name
st.set_page_config(page_title=brand, page_icon="🌐", layout="wide")
who = visitor()

st.title(brand)
st.write(f"Signed in as **{html.escape(who.actor.name)}** ({who.role}).")
with st.container(horizontal=True, vertical_alignment="center"):
    st.link_button("Status of the collections", "/status")
    st.html(
        '<form method="post" action="/logout">'
        f'<input type="hidden" name="csrf_token" value="{who.csrf_token}">'
        '<button type="submit">Sign out</button></form>'
    )
