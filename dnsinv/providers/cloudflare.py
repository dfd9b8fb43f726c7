"""Cloudflare API v4: zones and their records, each listing proven by the total that it states.

Sources: Cloudflare's OpenAPI description of 2024-08-06, recorded exchanges of 2025-08-27 and its
users' issue threads, collected 2026-11-23; nothing was checked against the live API.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.names import is_within, observed_name
from dnsinv.domain.rdata import observed, txt_from_provider
from dnsinv.domain.records import Record
from dnsinv.errors import (
    AccessDenied,
    BadCredential,
    IncompleteListing,
    MalformedReply,
    NotFound,
    ProviderError,
)
from dnsinv.http import Api
from dnsinv.providers.diagnosis import diagnose
from dnsinv.providers.fields import Row, flag, hosts, number, row, rows, text
from dnsinv.providers.ordering import domains_in_order, records_in_order
from dnsinv.providers.paging import Item, Page, gather
from dnsinv.providers.provider import Diagnosis

ZONES_PER_PAGE = 50  # the maximum
RECORDS_PER_PAGE = 50_000  # one request for nearly every zone; the maximum is 5,000,000
SAMPLE = 5  # zones, the minimum
ASKED_BY_ID = 5  # records of a zone whose list is suddenly empty

LIFECYCLES = {
    "active": Lifecycle.ACTIVE,
    "initializing": Lifecycle.PENDING,
    "pending": Lifecycle.PENDING,
    "moved": Lifecycle.TRANSFERRED,
    "deleted": Lifecycle.CANCELLED,
    "deactivated": Lifecycle.HELD,
    "read only": Lifecycle.LOCKED,
}

REMEDIES = {
    "bad_key": "Make an API token (not the Global API Key) in the Cloudflare dashboard under"
    " My Profile, API Tokens, and set it for this account.",
    "missing_scope": "Give the token the permissions Zone:Read and DNS:Read for all its zones.",
    "ip_filter": "Add this machine's address to the token's client IP address filter.",
    "account_token": "Use a token of a user (My Profile, API Tokens) instead of one that the"
    " account owns.",
}

# Other meanings of "not accepted" than status 401: malformed header, unknown key, unknown token.
_BAD_TOKEN_CODES = frozenset({"1000", "6003", "6111", "9103", "9106"})
_NO_SUCH_ZONE_CODE = "7003"
_OUT_OF_REACH_CODE = "9109"  # also a token that is invalid or used from a filtered address


class Cloudflare:
    """One Cloudflare token: all the zones that it may see."""

    name = "cloudflare"

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_domains(self) -> list[Domain]:
        """Every zone, sorted, proven complete; a name may come twice with different ids.

        Source: GET /zones, pages of at most 50.
        """
        what = "Cloudflare's list of zones"
        return domains_in_order(self._listing("/zones", ZONES_PER_PAGE, to_domain, what))

    def read_zone(self, domain: Domain) -> list[Record]:
        """Every record of one zone, sorted, proven complete; SOA and apex NS are not among them.

        Source: GET /zones/{id}/dns_records.
        """
        what = f"Cloudflare's list of records of {domain.name}"
        path = f"{_path(domain)}/dns_records"
        return records_in_order(
            self._listing(path, RECORDS_PER_PAGE, lambda found: to_record(domain.name, found), what)
        )

    def is_whole(self, domain: Domain, records: Sequence[Record]) -> bool:
        """Totals prove every reading but an empty one, which is made again."""
        return bool(records) or not self.read_zone(domain)

    def still_listed(self, domain: Domain) -> bool:
        """Whether the zone's id is still known and within reach of the token."""
        try:
            zone = row(self._reply(_path(domain)).get("result"), "Cloudflare's zone")
        except NotFound:
            return False
        except AccessDenied as denied:
            if denied.code != _OUT_OF_REACH_CODE or _cause_of_denial(denied) == "ip_filter":
                raise
            # The same code would come if the token had just lost its rights altogether.
            self._page("/zones", 1, SAMPLE)
            return False
        if zone.get("id") != domain.provider_id:
            raise MalformedReply(f"Cloudflare answers with another zone than {domain.name}.")
        return to_domain(zone).status is not Lifecycle.CANCELLED

    def still_served(self, domain: Domain, records: Sequence[Record]) -> list[Record]:
        """Those whose ids a second reading has.

        An empty list is the one lie that totals do not expose; then some are asked for by id.
        """
        served = {record.record_id for record in self.read_zone(domain)}
        if served:
            return [record for record in records if record.record_id in served]
        return [record for record in records[:ASKED_BY_ID] if self._is_served(domain, record)]

    def diagnose(self) -> Diagnosis:
        """Read a few zones and the records of one; token verification refuses good tokens."""
        return diagnose(self._sample, _cause_of_denial, REMEDIES)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._api.requests

    def remaining(self) -> int:
        """Requests that the rate limit would let pass right now."""
        return self._api.remaining("/zones")

    def close(self) -> None:
        """Release connections."""
        self._api.close()

    def _sample(self) -> str:
        zones = self._page("/zones", 1, SAMPLE, hurry=True)
        for zone in zones.rows[:1]:
            self._page(f"{_path(to_domain(zone))}/dns_records", 1, SAMPLE, hurry=True)
        if not zones.total:
            return "Cloudflare accepts the token but shows it no zone at all."
        return f"Cloudflare accepts the token and shows it {zones.total} zones."

    def _is_served(self, domain: Domain, record: Record) -> bool:
        path = f"{_path(domain)}/dns_records/{quote(record.record_id, safe='')}"
        try:
            found = row(self._reply(path).get("result"), "Cloudflare's record")
        except NotFound:
            return False
        return found.get("id") == record.record_id

    def _listing(
        self, path: str, size: int, convert: Callable[[Row], Item], what: str
    ) -> list[Item]:
        return gather(
            lambda page: self._page(path, page, size),
            lambda found: text(found, "id", what),
            convert,
            what,
        )

    def _page(self, path: str, page: int, size: int, *, hurry: bool = False) -> Page:
        what = f"Cloudflare's reply to {path}"
        reply = self._reply(path, {"page": page, "per_page": size}, hurry=hurry)
        found = rows(reply.get("result"), what)
        info = row(reply.get("result_info"), f"The result_info of {what}")
        if info.get("count", len(found)) != len(found):
            raise IncompleteListing(
                f"{what} holds {len(found)} rows on page {page} and states {info['count']}."
            )
        return Page(
            rows=found,
            number=number(info, "page", what) if "page" in info else page,
            size=number(info, "per_page", what) if "per_page" in info else len(found),
            total=number(info, "total_count", what),
        )

    def _reply(
        self, path: str, params: dict[str, str | int] | None = None, *, hurry: bool = False
    ) -> Row:
        reply = row(self._api.get(path, params, hurry=hurry), f"Cloudflare's reply to {path}")
        if reply.get("success") is not True:
            raise self._api.refusal_in(reply)
        return reply


def to_domain(zone: Row) -> Domain:
    """A zone as Cloudflare lists it; it knows neither expiry nor registration.

    Raises:
        MalformedReply: id, name or status is missing.
    """
    name = observed_name(text(zone, "name", "Cloudflare's zone"))
    raw_status = text(zone, "status", f"Cloudflare's zone {name}")
    return Domain(
        name=name,
        status=LIFECYCLES.get(raw_status.lower(), Lifecycle.UNKNOWN),
        raw_status=raw_status,
        provider_id=text(zone, "id", f"Cloudflare's zone {name}"),
        nameservers=hosts(zone, "name_servers"),
    )


def to_record(zone: str, found: Row) -> Record:
    """A record as Cloudflare serves it; a type that is not known keeps its content as it came.

    Raises:
        MalformedReply: id, type, name, content, ttl or an MX record's priority is missing, or the
            name lies outside the zone.
    """
    what = f"Cloudflare's record of {zone}"
    name = observed_name(text(found, "name", what))
    if not is_within(name, zone):
        raise MalformedReply(f"Cloudflare serves {name} as a record of {zone}.")
    type_ = text(found, "type", what).upper()
    content = text(found, "content", what, may_be_empty=True)
    if type_ == "TXT":
        priority, content = None, txt_from_provider(content)
    else:
        priority, content = observed(type_, content, _priority(found))
    if type_ == "MX" and priority is None:
        raise MalformedReply(f"{what} has no 'priority' for MX {name}.")
    return Record(
        zone=zone,
        name=name,
        type=type_,
        content=content,
        ttl=number(found, "ttl", what),
        priority=priority,
        proxied=flag(found, "proxied"),
        managed=type_ == "SOA",
        record_id=text(found, "id", what),
        comment=str(found.get("comment") or ""),
        tags=tuple(sorted(str(tag) for tag in found.get("tags") or ())),
    )


def explain(status: int, body: Any) -> ProviderError:
    """The error that Cloudflare's refusal means, told by its codes before its status."""
    complaints = list(_complaints(body))
    if not complaints:
        kind = {401: BadCredential, 403: AccessDenied}.get(status, MalformedReply)
        return kind(f"Cloudflare answers with status {status} and without a reason.")
    said = "; ".join(f"{message} ({code})" for code, message in complaints)
    kind = _kind(status, {code for code, _ in complaints}, said.lower())
    return kind(f"Cloudflare says: {said}.", code=complaints[0][0])


def _kind(status: int, codes: set[str], said: str) -> type[ProviderError]:
    if "account owned token" in said:
        return AccessDenied
    if status == 401 or codes & _BAD_TOKEN_CODES or "invalid access token" in said:
        return BadCredential
    if status == 403:
        return AccessDenied
    if status == 404 or _NO_SUCH_ZONE_CODE in codes or "invalid zone identifier" in said:
        return NotFound
    return MalformedReply if status == 200 else ProviderError


def _complaints(body: Any) -> Iterator[tuple[str, str]]:
    """Code and message of every error and of the errors that led to it."""
    errors = body.get("errors") if isinstance(body, dict) else None
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            yield str(error.get("code", "")), str(error.get("message", ""))
            yield from _complaints({"errors": error.get("error_chain")})


def _cause_of_denial(denied: AccessDenied) -> str:
    said = str(denied).lower()
    if "account owned token" in said:
        return "account_token"
    return "ip_filter" if "from location" in said else "missing_scope"


def _priority(found: Row) -> int | None:
    data = found.get("data")
    for fields in (found, data if isinstance(data, dict) else {}):
        if isinstance(fields.get("priority"), int):
            return int(fields["priority"])
    return None


def _path(domain: Domain) -> str:
    return f"/zones/{quote(domain.provider_id, safe='')}"
