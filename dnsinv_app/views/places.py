"""The pages that there are, in the order in which they are offered."""

from collections.abc import Callable
from dataclasses import dataclass

from dnsinv_app.views import domains, overview


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its address without the slash, "" for the one to start with."""

    path: str
    title: str
    icon: str
    show: Callable[[], None]


PLACES = (
    Place("", "Overview", ":material/dashboard:", overview.page),
    Place("domains", "Domains", ":material/language:", domains.page),
)
