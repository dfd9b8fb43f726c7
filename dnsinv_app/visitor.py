"""Who looks at a page of Streamlit's: what the gate says in headers, as an actor for actions."""

from dataclasses import dataclass
from urllib.parse import unquote

import streamlit as st

from dnsinv.actions.acting import Actor
from dnsinv.domain.permission import Right, Role, rights_of
from dnsinv_app.gate import IDENTITY

USER_HEADERS = {
    f"{IDENTITY}user": "name",
    f"{IDENTITY}role": "role",
    f"{IDENTITY}sid": "sid",
    f"{IDENTITY}uid": "uid",
    f"{IDENTITY}csrf": "csrf_token",
    f"{IDENTITY}address": "address",
}
"""server.trustedUserHeaders: the gate's headers and what they are called in st.user."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, as of when the page was opened; actions look again."""

    actor: Actor
    role: Role
    csrf_token: str

    def may(self, right: Right) -> bool:
        """Whether to offer it; the action decides."""
        return right in rights_of(self.role)


def visitor() -> Visitor:
    """Who looks at this page."""
    told = {key: str(st.user.get(key) or "") for key in USER_HEADERS.values()}
    if not told["uid"]:
        st.error("Sign in first.")
        st.stop()
    actor = Actor(unquote(told["name"]), "web", int(told["uid"]), None, told["address"])
    return Visitor(actor, Role(told["role"]), told["csrf_token"])
