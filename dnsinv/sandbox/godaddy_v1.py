"""Stand-in for GoDaddy's API v1: bare arrays, markers and offsets, no totals.

Shapes follow recordings of 2021-12, refusals the texts that users reported.
"""

from typing import Any

from dnsinv.sandbox.credentials import GODADDY_KEY, GODADDY_SECRET, GODADDY_TOKEN
from dnsinv.sandbox.faults import Fault, FaultKind
from dnsinv.sandbox.godaddy_bodies import detail_v1, is_managed, record_v1, summary_v1, zone_records
from dnsinv.sandbox.rates import Allowance
from dnsinv.sandbox.replies import Answer, Json, Listing, Reply, Request
from dnsinv.sandbox.view import View

DOMAINS_PER_PAGE = (100, 1000)  # default and maximum; more is 422
RECORDS_PER_PAGE = 500

_DOMAIN_FIELDS = {"id": "domainId", "name": "domain", "status": "status"}
_RECORD_FIELDS = {"name": "name", "type": "type", "content": "data", "ttl": "ttl"}
_GOOD_CREDENTIALS = (f"sso-key {GODADDY_KEY}:{GODADDY_SECRET}", f"Bearer {GODADDY_TOKEN}")
_MESSAGES = {
    "UNABLE_TO_AUTHENTICATE": "Unauthorized : Could not authenticate API key/secret",
    "ACCESS_DENIED": "Authenticated user is not allowed access",
    "UNKNOWN_DOMAIN": "The given domain is not registered, or does not have a zone file",
    "NOT_FOUND": "Not found",
    "CONFLICT": "The domain is being processed; try again later",
}
_DEFAULT_FAILURES = {
    FaultKind.UNAUTHORIZED: (401, "UNABLE_TO_AUTHENTICATE"),
    FaultKind.FORBIDDEN: (403, "ACCESS_DENIED"),
    FaultKind.NOT_FOUND: (404, "NOT_FOUND"),
    FaultKind.CONFLICT: (409, "CONFLICT"),
}


class GoDaddyV1:
    """The API below /v1.

    Whether `offset` counts from 0 or 1, and whether SOA and the zone's own NS are listed, differs
    between reports: both can be chosen.
    """

    name = "godaddy-v1"

    def __init__(self, *, lists_managed: bool = True, first_offset: int = 0) -> None:
        self._lists_managed = lists_managed
        self._first_offset = first_offset

    def refuse(self, request: Request) -> Reply | None:
        """401 for a missing or wrong key; a personal access token is as good."""
        if request.authorization in _GOOD_CREDENTIALS:
            return None
        if not request.authorization:
            return _error(
                401, "MISSING_CREDENTIALS", "Unauthorized : Credentials must be specified"
            )
        return _error(401, "UNABLE_TO_AUTHENTICATE")

    def answer(self, view: View, request: Request) -> Answer:
        """Domains, one domain, its records, those of a type, those of a type and name."""
        match request.path:
            case ("v1", "domains"):
                return _domains(view, request)
            case ("v1", "domains", name):
                return _domain(view, name)
            case ("v1", "domains", name, "records", *wanted) if len(wanted) <= 2:
                return self._records(view, request, name.lower(), wanted)
            case _:
                return Answer("other", reply=_error(404, "NOT_FOUND"))

    def failure(self, fault: Fault) -> Reply:
        """An ordered error; its code is the fault's value, if it has one."""
        if fault.kind is FaultKind.SERVER_ERROR:
            status = int(fault.value or 500)
            return _error(status, "INTERNAL_SERVER_ERROR", "Internal server error")
        status, code = _DEFAULT_FAILURES[fault.kind]
        return _error(status, fault.value or code)

    def too_many(self, wait_seconds: int | None) -> Reply:
        """429; the hint is in the body, no header says it."""
        body = {
            "code": "TOO_MANY_REQUESTS",
            "message": "Too many requests received within interval",
        }
        hint = {} if wait_seconds is None else {"retryAfterSec": wait_seconds}
        return Reply.json(429, {**body, **hint})

    def rate_headers(self, _allowance: Allowance) -> dict[str, str]:
        """None: v1 says nothing until it refuses."""
        return {}

    def _records(self, view: View, request: Request, zone: str, wanted: list[str]) -> Answer:
        if view.domain(zone) is None or view.is_at_cloudflare(zone):
            return Answer("records", zone, reply=_error(404, "UNKNOWN_DOMAIN"))
        limit = request.query.get("limit", str(RECORDS_PER_PAGE))
        offset = request.query.get("offset", str(self._first_offset))
        if not (limit.isdecimal() and offset.isdecimal() and 1 <= int(limit) <= RECORDS_PER_PAGE):
            return Answer("records", zone, reply=_bad_query("limit"))
        bodies = [
            record_v1(record, zone)
            for record in zone_records(view, zone)
            if (self._lists_managed or not is_managed(record, zone))
            and _is_wanted(record.type, record.name, zone, wanted)
        ]
        start = max(0, int(offset) - self._first_offset)
        return _listed("records", zone, start, int(limit), bodies)


def _domains(view: View, request: Request) -> Answer:
    default, most = DOMAINS_PER_PAGE
    limit = request.query.get("limit", str(default))
    if not (limit.isdecimal() and 1 <= int(limit) <= most):
        return Answer("list", reply=_bad_query("limit"))
    size = int(limit)
    marker = request.query.get("marker", "")
    with_nameservers = "nameServers" in request.query.get("includes", "")

    def body(start: int) -> Json:
        return [
            summary_v1(view, domain, with_nameservers=with_nameservers)
            for domain in view.registrations(start, size)
        ]

    listing = Listing(
        start=view.place_after(marker) if marker else 0,
        size=size,
        body=body,
        nothing=list,
        items_at="",
    )
    return Answer("list", listing=listing, fields=_DOMAIN_FIELDS)


def _domain(view: View, name: str) -> Answer:
    domain = view.domain(name)
    if domain is None or not view.registered:
        missing = _error(404, "NOT_FOUND", f"Domain {name} not found for shopper")
        return Answer("domain", name.lower(), reply=missing)
    return Answer("domain", domain.name, single=detail_v1(view, domain), fields=_DOMAIN_FIELDS)


def _listed(kind: str, zone: str, start: int, size: int, bodies: list[dict[str, Any]]) -> Answer:
    def body(start: int) -> Json:
        return [dict(each) for each in bodies[start : start + size]]

    listing = Listing(start=start, size=size, body=body, nothing=list, items_at="")
    return Answer(kind, zone, listing=listing, fields=_RECORD_FIELDS)


def _is_wanted(kind: str, name: str, zone: str, wanted: list[str]) -> bool:
    relative = "@" if name.lower() == zone else name.lower().removesuffix(f".{zone}")
    asked = [kind.lower(), relative]
    return asked[: len(wanted)] == [each.lower() for each in wanted]


def _error(status: int, code: str, message: str = "") -> Reply:
    text = message or _MESSAGES.get(code, "Ordered by the sandbox's operator")
    return Reply.json(status, {"code": code, "message": text})


def _bad_query(field: str) -> Reply:
    trouble = {"code": "INVALID_VALUE", "message": "is out of range", "path": field}
    body = {
        "code": "INVALID_QUERY",
        "message": "Request query doesn't fulfill schema, see details in `fields`",
        "fields": [trouble],
    }
    return Reply.json(422, body)
