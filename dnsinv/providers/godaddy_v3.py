"""GoDaddy's API v3 (personal access token): a cursor for domains, totals for records.

What it and v1 have in common, and the sources, are in godaddy.py.
"""

import json
from collections.abc import Iterator, Sequence

from dnsinv.domain.domains import Domain
from dnsinv.domain.names import observed_name
from dnsinv.domain.records import Record
from dnsinv.errors import IncompleteListing, MalformedReply, NotFound, NoZoneHere
from dnsinv.http import Api
from dnsinv.providers.diagnosis import diagnose
from dnsinv.providers.fields import Row, day, flag, hosts, number, row, rows, text
from dnsinv.providers.godaddy import GONE, lifecycle, segment, to_record, value_of
from dnsinv.providers.ordering import domains_in_order, records_in_order
from dnsinv.providers.paging import Page, gather
from dnsinv.providers.provider import Diagnosis

DOMAINS_PER_PAGE = 200  # the maximum
RECORDS_PER_PAGE = 100  # the maximum

REMEDIES = {
    "bad_key": "Make a new personal access token in the GoDaddy account and set it for this"
    " account: tokens expire.",
    "missing_scope": "Give the token the scope domains.domain:read.",
}

_DOMAINS = "/v3/domains/domain-names"
_ZONES = "/v3/domains/zones"
_LIST = "GoDaddy's list of domains"


class GoDaddyV3:
    """One GoDaddy account, read with a personal access token."""

    name = "godaddy"

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_domains(self) -> list[Domain]:
        """Every domain, sorted; the list ends where a page links to no next one.

        The list states no total, so a page that is not full is read twice and must stay the same.

        Source: GET /v3/domains/domain-names.
        """
        domains: dict[str, Domain] = {}
        for page in self._domain_pages():
            for domain in page:
                if domain.name in domains:
                    raise IncompleteListing(f"{_LIST} has {domain.name} twice.")
                domains[domain.name] = domain
        return domains_in_order(domains.values())

    def read_zone(self, domain: Domain) -> list[Record]:
        """Every record of one zone, sorted, proven complete.

        Source: GET /v3/domains/zones/{zone}/dns-records.
        """
        try:
            found = gather(
                lambda page: self._record_page(domain.name, page),
                _values,
                lambda found: to_record(domain.name, found),
                f"GoDaddy's list of records of {domain.name}",
            )
        except NotFound as refusal:
            # One answer for two cases: the account must say whether it still has the domain.
            if self.still_listed(domain):
                raise NoZoneHere(f"{domain.name}: {refusal}", code=refusal.code) from refusal
            raise
        return records_in_order(found)

    def is_whole(self, domain: Domain, records: Sequence[Record]) -> bool:
        """Totals prove every reading but an empty one, which is made again."""
        return bool(records) or not self.read_zone(domain)

    def still_listed(self, domain: Domain) -> bool:
        """Whether the account knows the domain and has neither cancelled nor transferred it."""
        try:
            found = row(self._api.get(f"{_DOMAINS}/{segment(domain.name)}"), "GoDaddy's domain")
        except (NotFound, NoZoneHere):
            return False
        current = to_domain(found)
        if current.name != domain.name:
            raise MalformedReply(f"GoDaddy answers with {current.name} for {domain.name}.")
        return current.status not in GONE

    def still_served(self, domain: Domain, records: Sequence[Record]) -> list[Record]:
        """Those whose values a second reading has; its totals prove it."""
        served = {value_of(record) for record in self.read_zone(domain)}
        return [record for record in records if value_of(record) in served]

    def diagnose(self) -> Diagnosis:
        """Read one domain."""
        return diagnose(self._sample, lambda _: "missing_scope", REMEDIES)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._api.requests

    def remaining(self) -> int:
        """Requests that the rate limit would let pass right now."""
        return self._api.remaining(_ZONES)

    def close(self) -> None:
        """Release connections."""
        self._api.close()

    def _sample(self) -> str:
        reply = row(self._api.get(_DOMAINS, {"pageSize": 1}, hurry=True), _LIST)
        found = rows(reply.get("items"), _LIST)
        return f"GoDaddy accepts the token and shows it {'domains' if found else 'no domain'}."

    def _domain_pages(self) -> Iterator[list[Domain]]:
        url = f"{_DOMAINS}?pageSize={DOMAINS_PER_PAGE}"
        read: set[str] = set()
        while url:
            page, following = self._domain_page(url)
            if len(page) < DOMAINS_PER_PAGE and (page, following) != self._domain_page(url):
                raise IncompleteListing(f"{_LIST} gave two different pages for one cursor.")
            if following in read or (following and not page):
                raise IncompleteListing(f"{_LIST} does not come to an end.")
            yield page
            url = following
            read.add(url)

    def _domain_page(self, url: str) -> tuple[list[Domain], str]:
        """The domains of a page and the URL of the next one, "" after the last."""
        reply = row(self._api.get(url), _LIST)
        domains = [to_domain(found) for found in rows(reply.get("items"), _LIST)]
        for link in rows(reply.get("links"), f"The links of {_LIST}"):
            if link.get("rel") == "next":
                return domains, self._api.resolve(url, text(link, "href", f"{_LIST}, next page,"))
        return domains, ""

    def _record_page(self, zone: str, page: int) -> Page:
        what = f"GoDaddy's list of records of {zone}"
        reply = row(
            self._api.get(
                f"{_ZONES}/{segment(zone)}/dns-records",
                {"page": page, "pageSize": RECORDS_PER_PAGE, "totalRequired": "true"},
            ),
            what,
        )
        found = rows(reply.get("items"), what)
        # Totals are left out where there is nothing to count.
        is_empty = not found and "totalItems" not in reply
        total = 0 if is_empty else number(reply, "totalItems", what)
        return Page(rows=found, number=page, size=RECORDS_PER_PAGE, total=total)


def to_domain(found: Row) -> Domain:
    """A domain as v3 lists it; but for the raw status it equals what v1 lists.

    Raises:
        MalformedReply: domain or status is missing.
    """
    name = observed_name(text(found, "domain", "GoDaddy's domain"))
    raw_status = text(found, "status", f"GoDaddy's domain {name}")
    return Domain(
        name=name,
        status=lifecycle(raw_status),
        raw_status=raw_status,
        expires_on=day(found, "expiresAt"),
        registered_on=day(found, "createdAt"),
        auto_renew=flag(found, "autoRenew"),
        locked=flag(found, "transferLock"),
        privacy=flag(found, "privacy"),
        nameservers=hosts(found, "nameServers"),
    )


def _values(found: Row) -> str:
    """A record without its id: the id need not be the same in two replies."""
    return json.dumps(
        {key: found[key] for key in sorted(found) if key not in ("recordId", "links")}
    )
