"""What a page shows is in its address: the query string is the truth, widgets follow it.

So a link shows what its sender saw, also through the sign-in page, and so do the browser's buttons.
The names are those of the API's parameters.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

PAGE, YES = "page", "true"


class Address:
    """The query string of a page with filters, each a text; those at "" are left out of it."""

    def __init__(self, filters: tuple[str, ...], switches: tuple[str, ...] = ()) -> None:
        """Filters by name; switches are those that are on or off."""
        self._filters = (*filters, *switches)
        self._switches = switches

    def follow(self) -> Mapping[str, str]:
        """Have the widgets show what the address says; what it says. Before the first widget."""
        told = {name: str(st.query_params.get(name, "")) for name in self._filters}
        for name, value in told.items():
            if _text(st.session_state.get(name)) != value:
                st.session_state[name] = value == YES if name in self._switches else value
        return told

    def widget(self, name: str) -> dict[str, Any]:
        """Arguments of a widget that stands for a filter."""
        return {"key": name, "on_change": self._write}

    def set(self, **values: str) -> None:
        """Say something else, on the first page of it."""
        for name, value in values.items():
            st.session_state[name] = value == YES if name in self._switches else value
        self._write()

    def clear(self) -> None:
        """Leave all filters open."""
        self.set(**dict.fromkeys(self._filters, ""))

    @property
    def page(self) -> int:
        """The number of the page, 1 where the address has none or nonsense."""
        text = str(st.query_params.get(PAGE, ""))
        return min(int(text), 10**9) if text.isdecimal() and text.isascii() and int(text) else 1

    def turner(self, key: str) -> Callable[[], None]:
        """A callback that goes to the page that the widget of that key stands at."""

        def turn() -> None:
            number = int(st.session_state[key])
            self._write(str(number) if number > 1 else "")

        return turn

    def _write(self, page: str = "") -> None:
        told = {name: _text(st.session_state.get(name)) for name in self._filters}
        said = {name: value for name, value in {**told, PAGE: page}.items() if value}
        if said != st.query_params.to_dict():
            st.query_params.from_dict(said)


def _text(value: object) -> str:
    return YES if value is True else str(value or "")
