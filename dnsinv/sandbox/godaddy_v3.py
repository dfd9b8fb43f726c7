"""Stand-in for GoDaddy's API v3 below /v3/domains.

Source: GoDaddy's own specification v3.1.0 (swagger_domains.v3.yaml in godaddy/cli) and the same
repository's notes on errors and limits, both read in 2026-11.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import dns.rdatatype

from dnsinv.sandbox.credentials import GODADDY_TOKEN
from dnsinv.sandbox.draws import hex_id
from dnsinv.sandbox.faults import Fault, FaultKind
from dnsinv.sandbox.godaddy_bodies import domain_v3, record_v3, zone_records
from dnsinv.sandbox.rates import Allowance
from dnsinv.sandbox.replies import Answer, Json, Listing, Reply, Request
from dnsinv.sandbox.view import View

DOMAINS_PER_PAGE = (100, 200)  # default and maximum; more is 400
RECORDS_PER_PAGE = (25, 100)

_BASE = "/v3/domains"
_DOMAIN_FIELDS = {"name": "domain", "status": "status"}
_RECORD_FIELDS = {
    "id": "recordId",
    "name": "name",
    "type": "type",
    "content": "data",
    "ttl": "ttl",
}
_MESSAGES = {
    "UNAUTHORIZED": "Authentication credentials are missing or invalid.",
    "FORBIDDEN": "Authenticated identity is not authorized to perform this operation.",
    "NOT_FOUND": "The requested resource was not found.",
    "UNKNOWN_DOMAIN": "The given domain is not registered, or does not have a zone file",
    "CONFLICT": "The request cannot be completed in the current state.",
    "INVALID_REQUEST": "Malformed request syntax, missing required field, or invalid field type.",
}
_DEFAULT_FAILURES = {
    FaultKind.UNAUTHORIZED: (401, "UNAUTHORIZED"),
    FaultKind.FORBIDDEN: (403, "FORBIDDEN"),
    FaultKind.NOT_FOUND: (404, "NOT_FOUND"),
    FaultKind.CONFLICT: (409, "CONFLICT"),
}
_LAST_TYPE_NUMBER = 65_535


class GoDaddyV3:
    """Domain names by cursor, records by page."""

    name = "godaddy-v3"

    def refuse(self, request: Request) -> Reply | None:
        """401 unless there is the right personal access token; a v1 key is none."""
        if request.authorization == f"Bearer {GODADDY_TOKEN}":
            return None
        return _error(401, "UNAUTHORIZED")

    def answer(self, view: View, request: Request) -> Answer:
        """Domain names, one of them, the records of a zone."""
        match request.path:
            case ("v3", "domains", "domain-names"):
                return _domains(view, request)
            case ("v3", "domains", "domain-names", name):
                return _domain(view, name)
            case ("v3", "domains", "zones", zone, "dns-records"):
                return _records(view, request, zone.lower())
            case _:
                return Answer("other", reply=_error(404, "NOT_FOUND"))

    def failure(self, fault: Fault) -> Reply:
        """An ordered error; its name is the fault's value, if it has one."""
        if fault.kind is FaultKind.SERVER_ERROR:
            return _error(int(fault.value or 500), "INTERNAL_SERVER_ERROR")
        status, name = _DEFAULT_FAILURES[fault.kind]
        return _error(status, fault.value or name)

    def too_many(self, wait_seconds: int | None) -> Reply:
        """429; the hint is in the body and in a header."""
        body = _error_body("TOO_MANY_REQUESTS")
        if wait_seconds is None:
            return Reply.json(429, body)
        hinted = {**body, "retryAfterSec": wait_seconds}
        return Reply.json(429, hinted, {"ratelimit-reset": str(wait_seconds)})

    def rate_headers(self, allowance: Allowance) -> dict[str, str]:
        """The three headers that every reply carries."""
        return {
            "ratelimit-limit": str(allowance.rate.requests),
            "ratelimit-remaining": str(allowance.remaining),
            "ratelimit-reset": str(allowance.whole_seconds),
        }


def _domains(view: View, request: Request) -> Answer:
    size = _size(request.query, DOMAINS_PER_PAGE)
    start = _start_of_token(request.query.get("pageToken", ""))
    if size is None or start is None:
        return Answer("list", reply=_error(400, "INVALID_REQUEST"))
    kept = {name: text for name, text in request.query.items() if name != "pageToken"}

    def link(rel: str, start: int) -> dict[str, str]:
        query = {**kept, "pageToken": _token(start)} if start else kept
        return _link(rel, "domain-names", query)

    def body(start: int) -> Json:
        links = [link("self", start)]
        if start + size < view.registered:
            links.append(link("next", start + size))
        if start:
            links.append(link("prev", max(0, start - size)))
        items = [domain_v3(view, domain) for domain in view.registrations(start, size)]
        return {"items": items, "links": links}

    def nothing() -> Json:
        return {"items": [], "links": [link("self", start)]}

    listing = Listing(start=start, size=size, body=body, nothing=nothing, items_at="items")
    return Answer("list", listing=listing, fields=_DOMAIN_FIELDS)


def _domain(view: View, name: str) -> Answer:
    domain = view.domain(name)
    if domain is None or not view.registered:
        return Answer("domain", name.lower(), reply=_error(404, "NOT_FOUND"))
    return Answer("domain", domain.name, single=domain_v3(view, domain), fields=_DOMAIN_FIELDS)


def _records(view: View, request: Request, zone: str) -> Answer:
    query = request.query
    if view.domain(zone) is None or view.is_at_cloudflare(zone):
        return Answer("records", zone, reply=_error(404, "UNKNOWN_DOMAIN"))
    size, page = _size(query, RECORDS_PER_PAGE), query.get("page", "1")
    if size is None or not page.isdecimal() or not int(page):
        return Answer("records", zone, reply=_error(400, "INVALID_REQUEST"))
    bodies = _record_bodies(view, zone, query)
    pages = -(-len(bodies) // size)

    def link(rel: str, number: int) -> dict[str, str]:
        return _link(rel, f"zones/{zone}/dns-records", {**query, "page": str(number)})

    def body(start: int) -> Json:
        number = start // size + 1
        links = [link("self", number), link("first", 1), link("last", max(1, pages))]
        if number < pages:
            links.append(link("next", number + 1))
        if number > 1:
            links.append(link("prev", number - 1))
        totals: dict[str, Any] = {}
        if bodies and query.get("totalRequired") == "true":
            totals = {"totalItems": len(bodies), "totalPages": pages}
        items = [dict(each) for each in bodies[start : start + size]]
        return {"items": items, **totals, "links": links}

    def nothing() -> Json:
        return {"items": [], "links": [link("self", 1)]}

    listing = Listing(
        start=(int(page) - 1) * size,
        size=size,
        body=body,
        nothing=nothing,
        items_at="items",
        metadata=("totalItems", "totalPages"),
    )
    return Answer("records", zone, listing=listing, fields=_RECORD_FIELDS)


def _record_bodies(view: View, zone: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
    bodies = [record_v3(record, zone) for record in zone_records(view, zone)]
    return sorted(
        (
            body
            for body in bodies
            if query.get("type", body["type"]).upper() == body["type"].upper()
            and query.get("name", body["name"]).lower() == body["name"].lower()
        ),
        key=lambda body: (
            _type_number(body["type"]),
            body["name"],
            body["data"],
        ),
    )


def _type_number(kind: str) -> int:
    """IANA's number of a record type; records are listed in that order."""
    try:
        return int(dns.rdatatype.from_text(kind))
    except dns.rdatatype.UnknownRdatatype:
        return _LAST_TYPE_NUMBER


def _size(query: Mapping[str, str], limits: tuple[int, int]) -> int | None:
    default, most = limits
    text = query.get("pageSize", str(default))
    return int(text) if text.isdecimal() and 1 <= int(text) <= most else None


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"start={start}".encode()).decode().rstrip("=")


def _start_of_token(token: str) -> int | None:
    if not token:
        return 0
    try:
        name, _, start = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).partition(b"=")
    except ValueError:
        return None
    return int(start) if name == b"start" and start.isdigit() else None


def _link(rel: str, path: str, query: Mapping[str, str]) -> dict[str, str]:
    return {"rel": rel, "href": f"{_BASE}/{path}" + (f"?{urlencode(query)}" if query else "")}


def _error(status: int, name: str) -> Reply:
    return Reply.json(status, _error_body(name))


def _error_body(name: str) -> dict[str, Any]:
    message = _MESSAGES.get(name, "Ordered by the sandbox's operator")
    return {
        "name": name,
        "correlationId": hex_id("correlation", name),
        "message": message,
        "details": [{"issue": name, "description": message}],
    }
