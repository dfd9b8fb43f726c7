"""Stand-in for Cloudflare's API v4: zones, DNS records, token verification.

Shapes follow recordings of 2025-08 and Cloudflare's own specification of 2024-08. Codes and texts
of refusals are those that users reported; where none was found, a plausible one stands.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dnsinv.sandbox.cloudflare_bodies import record_body, zone_body
from dnsinv.sandbox.credentials import (
    CLOUDFLARE_ACCOUNT_ID,
    CLOUDFLARE_ACCOUNT_TOKEN,
    CLOUDFLARE_TOKEN,
)
from dnsinv.sandbox.draws import hex_id
from dnsinv.sandbox.faults import Fault, FaultKind
from dnsinv.sandbox.rates import Allowance
from dnsinv.sandbox.replies import Answer, Json, Listing, Reply, Request
from dnsinv.sandbox.view import View

ZONES_PER_PAGE = (20, 50)  # default and maximum; more is cut down to the maximum
RECORDS_PER_PAGE = (100, 5_000_000)

_FIELDS = {name: name for name in ("id", "name", "type", "content", "ttl", "status")}
_ID = re.compile(r"[0-9a-f]{32}")
_MESSAGES = {
    1000: "Invalid API Token",
    1001: "Invalid zone identifier",
    7003: "Could not route to the path, perhaps your object identifier is invalid?",
    9106: "Authentication failed (status: 400)",
    9109: "Cannot use the access token from location: 192.0.2.1",
    10000: "Authentication error",
    10013: "Internal error",
    81057: "The record already exists.",
}
_DEFAULT_FAILURES = {
    FaultKind.UNAUTHORIZED: (401, 1000),
    FaultKind.FORBIDDEN: (403, 10000),
    FaultKind.NOT_FOUND: (404, 7003),
    FaultKind.CONFLICT: (409, 81057),
}


class Cloudflare:
    """The API below /client/v4."""

    name = "cloudflare"

    def refuse(self, request: Request) -> Reply | None:
        """The refusals that a missing or wrong token meets; they differ by path."""
        kind, _, token = request.authorization.partition(" ")
        if not token or kind.lower() != "bearer":
            chain = [{"code": 6111, "message": "Invalid format for Authorization header"}]
            error = {"code": 6003, "message": "Invalid request headers", "error_chain": chain}
            return Reply.json(400, _refusal(error))
        if token in (CLOUDFLARE_TOKEN, CLOUDFLARE_ACCOUNT_TOKEN):
            return None
        if request.path[-2:] == ("tokens", "verify"):
            return _error(401, 1000)
        if "dns_records" in request.path:
            return _error(400, 9106)
        return _error(403, 9109, "Invalid access token")

    def answer(self, view: View, request: Request) -> Answer:
        """The five paths that exist; everything else is 404."""
        match request.path:
            case ("user", "tokens", "verify"):
                return Answer("other", reply=_verified(request, owner=CLOUDFLARE_TOKEN))
            case ("accounts", account, "tokens", "verify") if account == CLOUDFLARE_ACCOUNT_ID:
                return Answer("other", reply=_verified(request, owner=CLOUDFLARE_ACCOUNT_TOKEN))
            case ("zones",):
                return _zones(view, request)
            case ("zones", identifier, *rest) if zone := view.zone_of_id(identifier):
                return _in_zone(view, request, zone, rest)
            case ("zones", identifier, *_) if _ID.fullmatch(identifier):
                return Answer("domain", reply=_error(404, 1001))
            case _:
                return Answer("other", reply=_no_route(request))

    def failure(self, fault: Fault) -> Reply:
        """An ordered error; its code is the fault's value, if it has one."""
        if fault.kind is FaultKind.SERVER_ERROR:
            return _error(int(fault.value or 500), 10013)
        status, code = _DEFAULT_FAILURES[fault.kind]
        return _error(status, int(fault.value) if fault.value.isdecimal() else code)

    def too_many(self, wait_seconds: int | None) -> Reply:
        """429; the hint is a header."""
        headers = {} if wait_seconds is None else {"retry-after": str(wait_seconds)}
        error = {
            "code": 971,
            "message": "Please wait and consider throttling your request speed",
        }
        return Reply.json(429, _refusal(error), headers)

    def rate_headers(self, allowance: Allowance) -> dict[str, str]:
        """The headers that Cloudflare announced in 2025-09."""
        rate = allowance.rate
        return {
            "ratelimit": f'"default";r={allowance.remaining};t={allowance.whole_seconds}',
            "ratelimit-policy": f'"default";q={rate.requests};w={rate.seconds:g}',
        }


def _zones(view: View, request: Request) -> Answer:
    names = view.zone_names
    if wanted := request.query.get("name"):
        names = [name for name in names if name == wanted.lower()]
    if wanted := request.query.get("status"):
        names = [name for name in names if zone_body(view, name)["status"] == wanted]
    if request.query.get("account.id", CLOUDFLARE_ACCOUNT_ID) != CLOUDFLARE_ACCOUNT_ID:
        names = []

    def page(start: int, size: int) -> list[dict[str, Any]]:
        return [zone_body(view, name) for name in names[start : start + size]]

    return _listed("list", "", request, ZONES_PER_PAGE, len(names), page)


def _in_zone(view: View, request: Request, zone: str, rest: list[str]) -> Answer:
    match rest:
        case []:
            return _single("domain", zone, zone_body(view, zone))
        case ["dns_records"]:
            records = _record_bodies(view, zone, request.query)

            def page(start: int, size: int) -> list[dict[str, Any]]:
                return [dict(record) for record in records[start : start + size]]

            return _listed("records", zone, request, RECORDS_PER_PAGE, len(records), page)
        case ["dns_records", identifier]:
            for record in _record_bodies(view, zone, {}):
                if record["id"] == identifier:
                    return _single("records", zone, record)
            return Answer("records", zone, reply=_error(404, 81044, "Record does not exist."))
        case _:
            return Answer("other", zone, reply=_no_route(request))


def _record_bodies(view: View, zone: str, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    pairs = zip(view.records(zone), view.record_ids(zone), strict=True)
    bodies = (record_body(record, identifier) for record, identifier in pairs)
    return sorted(
        (
            body
            for body in bodies
            if body["type"] != "SOA"
            and not (body["type"] == "NS" and body["name"].lower() == zone)
            and all(
                str(body[name]).lower() == wanted[name].lower()
                for name in ("name", "type", "content")
                if name in wanted
            )
        ),
        key=lambda body: (body["type"], body["name"]),
    )


def _listed(
    kind: str,
    zone: str,
    request: Request,
    limits: tuple[int, int],
    total: int,
    items: Callable[[int, int], list[dict[str, Any]]],
) -> Answer:
    default, most = limits
    page, per_page = request.query.get("page", "1"), request.query.get("per_page", str(default))
    if not (page.isdecimal() and per_page.isdecimal() and int(page) and int(per_page)):
        return Answer(kind, zone, reply=_error(400, 7400, "Invalid page or per_page"))
    size = min(int(per_page), most)
    start = (int(page) - 1) * size

    def body(start: int) -> Json:
        return _envelope(items(start, size), start, size, total)

    listing = Listing(
        start=start,
        size=size,
        body=body,
        nothing=partial(_envelope, [], start, size, 0),
        items_at="result",
        metadata=("result_info",),
    )
    return Answer(kind, zone, listing=listing, fields=_FIELDS)


def _single(kind: str, zone: str, item: dict[str, Any]) -> Answer:
    return Answer(kind, zone, single=_success(item), single_at="result", fields=_FIELDS)


def _envelope(items: list[dict[str, Any]], start: int, size: int, total: int) -> Json:
    return {
        "result": items,
        "success": True,
        "errors": [],
        "messages": [],
        "result_info": {
            "page": start // size + 1,
            "per_page": size,
            "total_pages": max(1, -(-total // size)),
            "count": len(items),
            "total_count": total,
        },
    }


def _success(result: Json) -> dict[str, Any]:
    return {"result": result, "success": True, "errors": [], "messages": []}


def _refusal(error: Json) -> Json:
    return {"result": None, "success": False, "errors": [error], "messages": []}


def _error(status: int, code: int, message: str = "") -> Reply:
    text = message or _MESSAGES.get(code, "Ordered by the sandbox's operator")
    return Reply.json(status, _refusal({"code": code, "message": text}))


def _no_route(request: Request) -> Reply:
    return _error(404, 7003, _MESSAGES[7003].replace("the path", f"/client/v4{request.target}"))


def _verified(request: Request, owner: str) -> Reply:
    if request.authorization.partition(" ")[2] != owner:
        return _error(401, 1000)
    message = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    result = {"id": hex_id("token", owner), "status": "active"}
    return Reply.json(200, {**_success(result), "messages": [message]})
