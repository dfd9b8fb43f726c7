"""What every stand-in answers with: a request read, a reply made, a page of a listing spoilt."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from dnsinv.sandbox.faults import Fault, FaultKind
from dnsinv.sandbox.rates import Allowance
from dnsinv.sandbox.view import View

Json = dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request after the base path: decoded path segments and the query."""

    method: str
    target: str  # path and query as they came
    path: tuple[str, ...]
    query: Mapping[str, str]
    authorization: str

    @classmethod
    def parse(cls, method: str, path: str, query: str, authorization: str) -> "Request":
        """Read a raw path such as /v1/domains/a.example/records/A/%40."""
        return cls(
            method=method,
            target=f"{path}?{query}" if query else path,
            path=tuple(unquote(segment) for segment in path.split("/") if segment),
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            authorization=authorization,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, body: Json, headers: Mapping[str, str] | None = None) -> "Reply":
        """A JSON reply; header names in lower case."""
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        return cls(status, text.encode(), headers or {})


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a listing, and the way to any other page of it.

    `body(start)` is the page that begins at that place, `nothing()` the page of an empty listing.
    `items_at` is the key of the items, "" where the body is the bare array.
    """

    start: int
    size: int
    body: Callable[[int], Json]
    nothing: Callable[[], Json]
    items_at: str
    metadata: tuple[str, ...] = ()

    @property
    def page(self) -> int:
        """The number of the page, from 1."""
        return self.start // self.size + 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stand-in would answer, before faults.

    `kind` is list, records, domain or other. `fields` gives the API's own names for the neutral
    ones (id, name, type, content, ttl, status) of an item; `single_at` is where the item of a body
    without pages is, "" where it is the body.
    """

    kind: str
    zone: str = ""
    reply: Reply | None = None
    listing: Listing | None = None
    single: Json | None = None
    single_at: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def page(self) -> int:
        """The number of the page, 1 for what has no pages."""
        return self.listing.page if self.listing else 1

    def sound(self) -> Reply:
        """The reply without any fault."""
        if self.reply is not None:
            return self.reply
        body = self.listing.body(self.listing.start) if self.listing else self.single
        return Reply.json(200, body if body is not None else {})

    def spoilt(self, fault: Fault) -> Reply | None:
        """The reply with a fault of the body; None where this answer cannot have it."""
        body = self._spoilt_listing(fault.kind, self.listing) if self.listing else None
        if fault.kind is FaultKind.MISSING_FIELD:
            body = self._without_field(fault.value or "name")
        return None if body is None else Reply.json(200, body)

    def _spoilt_listing(self, kind: FaultKind, listing: Listing) -> Json | None:
        if kind is FaultKind.REPEATED_PAGE:
            return listing.body(max(0, listing.start - listing.size)) if listing.start else None
        body = listing.body(listing.start)
        items = _items(body, listing)
        if not items:
            return None
        match kind:
            case FaultKind.TRUNCATED_PAGE:
                del items[len(items) // 2 :]
            case FaultKind.EMPTY_PAGE:
                items.clear()
            case FaultKind.LYING_EMPTY:
                return listing.nothing()
            case _:
                return None
        return body

    def _without_field(self, name: str) -> Json | None:
        body = self.listing.body(self.listing.start) if self.listing else self.single
        if body is None:
            return None
        if name == "result_info":
            doomed = self.listing.metadata if self.listing else ()
            return _without(body, *doomed)
        items = _items(body, self.listing) if self.listing else [self._single_item(body)]
        if not items or _without(items[0], self.fields.get(name, "")) is None:
            return None
        return body

    def _single_item(self, body: Json) -> Any:
        return body[self.single_at] if self.single_at and isinstance(body, dict) else body


class Api(Protocol):
    """A stand-in for one version of one provider's API."""

    name: str
    """For statistics: godaddy-v1, godaddy-v3, cloudflare."""

    def refuse(self, request: Request) -> Reply | None:
        """The reply to a credential that is missing or wrong; None for a good one."""
        ...

    def answer(self, view: View, request: Request) -> Answer:
        """What there is at a path."""
        ...

    def failure(self, fault: Fault) -> Reply:
        """The reply to an ordered 401, 403, 404, 409, 429 or 5xx, as this API words it."""
        ...

    def too_many(self, wait_seconds: int | None) -> Reply:
        """429, with a hint when to come back or without."""
        ...

    def rate_headers(self, allowance: Allowance) -> dict[str, str]:
        """What every reply says about the credential's allowance."""
        ...


def _items(body: Json, listing: Listing) -> list[Any]:
    items = body[listing.items_at] if isinstance(body, dict) else body
    return items if isinstance(items, list) else []


def _without(item: Json, *names: str) -> Json | None:
    if not isinstance(item, dict) or not set(names) & item.keys():
        return None
    for name in names:
        item.pop(name, None)
    return item
