"""Faults to order: what shall go wrong, on which page, of which zone, how often."""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from dnsinv.errors import UsageError


class FaultKind(StrEnum):
    """What a provider can do wrong."""

    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not_found"  # 404
    CONFLICT = "conflict"  # 409
    TOO_MANY = "too_many"  # 429 with the provider's hint when to come back
    TOO_MANY_SILENT = "too_many_silent"  # 429 without
    SERVER_ERROR = "server_error"  # 500
    HANG = "hang"  # no answer until the client gives up or the sandbox stops
    TRUNCATED_PAGE = "truncated_page"  # half of the items, the metadata of all
    EMPTY_PAGE = "empty_page"  # no items, the metadata of all
    LYING_EMPTY = "lying_empty"  # no items, and metadata that agree
    REPEATED_PAGE = "repeated_page"  # the page before instead of this one
    MISSING_FIELD = "missing_field"  # the first item, or the metadata, lacks something
    RESET = "reset"  # the connection breaks in the middle of the body


PAGE_KINDS = ("list", "records", "domain", "any")
FIELDS = ("id", "name", "type", "content", "ttl", "status", "result_info")

_TAKES_CODE = (
    FaultKind.UNAUTHORIZED,
    FaultKind.FORBIDDEN,
    FaultKind.NOT_FOUND,
    FaultKind.CONFLICT,
)
_TAKES_NUMBER = (FaultKind.TOO_MANY, FaultKind.SERVER_ERROR)
_TEXT = re.compile(
    r"(?P<kind>[a-z_]+)(?:=(?P<value>[^@:#*]+))?(?:@(?P<match>[^:#]+?))?"
    r"(?::(?P<zone>[^#*]+))?(?:#(?P<page>\d+))?(?:\*(?P<times>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One order.

    `match` is a kind of page (list, records, domain, any) or a regular expression that is searched
    in path and query. `zone` is a domain's name, `page` counts from 1, `times` None is for ever.
    `value` is the provider's error code (401 to 409), the seconds of the hint (too_many), the
    status (server_error) or the field that goes missing: id, name, type, content, ttl, status, or
    result_info for the metadata.
    """

    kind: FaultKind
    match: str = "any"
    zone: str | None = None
    page: int | None = None
    times: int | None = None
    value: str = ""

    def __post_init__(self) -> None:
        trouble = _trouble_with(self)
        if trouble:
            raise UsageError(f"Fault {self} {trouble}.")

    def __str__(self) -> str:
        return "".join(
            (
                self.kind,
                f"={self.value}" if self.value else "",
                f"@{self.match}" if self.match != "any" else "",
                f":{self.zone}" if self.zone is not None else "",
                f"#{self.page}" if self.page is not None else "",
                f"*{self.times}" if self.times is not None else "",
            )
        )

    def concerns(self, kind: str, zone: str, page: int, target: str) -> bool:
        """Whether the order is meant for this page."""
        return (
            (self.zone is None or self.zone == zone)
            and (self.page is None or self.page == page)
            and (
                self.match in ("any", kind)
                or (self.match not in PAGE_KINDS and bool(re.search(self.match, target)))
            )
        )


def parse_fault(text: str) -> Fault:
    """The fault that `kind[=value][@match][:zone][#page][*times]` describes.

    Raises:
        UsageError: not of this form.
    """
    found = _TEXT.fullmatch(text)
    if not found or found["kind"] not in list(FaultKind):
        kinds = ", ".join(FaultKind)
        raise UsageError(
            f"{text!r} is no fault: write KIND[=VALUE][@MATCH][:ZONE][#PAGE][*TIMES],"
            f" where KIND is one of {kinds}."
        )
    return Fault(
        kind=FaultKind(found["kind"]),
        match=found["match"] or "any",
        zone=found["zone"],
        page=int(found["page"]) if found["page"] else None,
        times=int(found["times"]) if found["times"] else None,
        value=found["value"] or "",
    )


class FaultBox:
    """The orders that stand, asked from the server's thread and filled from any other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: list[Fault] = []
        self._left: list[int | None] = []
        self.struck: Counter[FaultKind] = Counter()

    @property
    def orders(self) -> list[Fault]:
        """The orders that can still strike."""
        with self._lock:
            return [
                order for order, left in zip(self._orders, self._left, strict=True) if left != 0
            ]

    def order(self, *faults: Fault) -> None:
        """Add orders; earlier ones come first."""
        with self._lock:
            self._orders += faults
            self._left += [fault.times for fault in faults]

    def clear(self) -> None:
        """Take every order back."""
        with self._lock:
            self._orders, self._left = [], []

    def candidates(self, kind: str, zone: str, page: int, target: str) -> list[Fault]:
        """The standing orders that are meant for this page, in their order."""
        return [fault for fault in self.orders if fault.concerns(kind, zone.lower(), page, target)]

    def strike(self, fault: Fault) -> bool:
        """Use an order once; False when it was taken back or used up meanwhile."""
        with self._lock:
            for place, order in enumerate(self._orders):
                left = self._left[place]
                if order == fault and left != 0:
                    self._left[place] = None if left is None else left - 1
                    self.struck[fault.kind] += 1
                    return True
        return False


def _trouble_with(fault: Fault) -> str:
    if fault.times == 0 or fault.page == 0:
        return "counts pages and times from 1"
    if fault.kind is FaultKind.MISSING_FIELD:
        known = fault.value in ("", *FIELDS)
        return "" if known else f"names no field; choose one of {', '.join(FIELDS)}"
    if fault.kind in _TAKES_NUMBER:
        is_number = not fault.value or fault.value.isdecimal()
        return "" if is_number else "needs a number as its value"
    if fault.value and fault.kind not in _TAKES_CODE:
        return "takes no value"
    try:
        re.compile(fault.match)
    except re.error as wrong:
        return f"has no regular expression after the @: {wrong}"
    return ""
