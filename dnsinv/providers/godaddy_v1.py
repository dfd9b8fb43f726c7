"""GoDaddy's API v1 (key and secret): bare arrays without totals, so completeness is asked for.

What it and v3 have in common, and the sources, are in godaddy.py.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

from dnsinv.domain.domains import Domain
from dnsinv.domain.names import observed_name
from dnsinv.domain.records import Record
from dnsinv.errors import AccessDenied, IncompleteListing, MalformedReply, NotFound, NoZoneHere
from dnsinv.http import Api
from dnsinv.providers.diagnosis import diagnose
from dnsinv.providers.fields import Row, day, flag, hosts, row, rows, text
from dnsinv.providers.godaddy import APEX, GONE, lifecycle, segment, to_record, value_of
from dnsinv.providers.ordering import domains_in_order, records_in_order
from dnsinv.providers.provider import Diagnosis

DOMAINS_PER_PAGE = 1000  # the maximum; above it the answer is 422
RECORDS_PER_PAGE = 500  # the maximum

REMEDIES = {
    "bad_key": "Check the key and its secret at developer.godaddy.com/keys: both must be of the"
    " production environment and not expired.",
    "too_few_domains": "GoDaddy refuses this API to accounts with fewer than 10 domains (since"
    " 2024); set a personal access token (GODADDY_API_TOKEN) instead, which uses API v3.",
}


class GoDaddyV1:
    """One GoDaddy account, read with a key and its secret."""

    name = "godaddy"

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_domains(self) -> list[Domain]:
        """Every domain, sorted; a page cut short is found out because the next one is not empty.

        Source: GET /v1/domains with the last name of a page as the next one's marker.
        """
        domains: dict[str, Domain] = {}
        for page in self._domain_pages():
            for found in page:
                domain = to_domain(found)
                if domain.name in domains:
                    raise IncompleteListing(f"GoDaddy's list of domains has {domain.name} twice.")
                domains[domain.name] = domain
        return domains_in_order(domains.values())

    def read_zone(self, domain: Domain) -> list[Record]:
        """Every record of one zone, sorted.

        A page that is not full is taken for the last: v1 gives no proof, so what a reading lacks is
        asked for with `still_served` before it counts as removed.

        Source: GET /v1/domains/{domain}/records.
        """
        gathered: set[Record] = set()
        for page in self._record_pages(domain.name):
            again = gathered.intersection(page)
            # One record may come twice: the last of page 1, when offsets count from 1.
            if len(again) > 1:
                raise IncompleteListing(
                    f"GoDaddy's list of records of {domain.name} has {len(again)} records twice."
                )
            gathered.update(page)
        return records_in_order(gathered)

    def is_whole(self, domain: Domain, records: Sequence[Record]) -> bool:
        """Whether nothing comes behind the reading's last record.

        Where offsets count from 1, that is the last record once more.
        """
        behind = (
            self._records(domain.name, offset=len(records))
            if records
            else self._records(domain.name)
        )
        return set(behind) <= set(records)

    def still_listed(self, domain: Domain) -> bool:
        """Whether the account knows the domain and has neither cancelled nor transferred it."""
        try:
            found = row(self._api.get(f"/v1/domains/{segment(domain.name)}"), "GoDaddy's domain")
        except (NotFound, NoZoneHere):
            return False
        current = to_domain(found)
        if current.name != domain.name:
            raise MalformedReply(f"GoDaddy answers with {current.name} for {domain.name}.")
        return current.status not in GONE

    def still_served(self, domain: Domain, records: Sequence[Record]) -> list[Record]:
        """Those whose values stand in their record sets, each set asked for by itself.

        Raises:
            IncompleteListing: not even the set of a record that the zone lists has it.
        """
        served = self._values_in_sets(domain.name, records)
        still = [record for record in records if value_of(record) in served]
        if still:
            return still
        # A set cut to its half still has one of two values, but none of one: so a record goes first
        # that is alone in its set and was. Under which label SRV records are asked for is the least
        # certain, so they go last.
        zone = self.read_zone(domain)
        sizes = Counter((each.name, each.type) for each in (*zone, *records))
        listed = min(
            zone,
            key=lambda each: (each.type == "SRV", sizes[each.name, each.type]),
            default=None,
        )
        if listed and value_of(listed) not in self._values_in_sets(domain.name, [listed]):
            raise IncompleteListing(
                f"GoDaddy does not list {listed.name} {listed.type} in its record set, so it"
                " cannot be asked for what a reading lacks."
            )
        return still

    def diagnose(self) -> Diagnosis:
        """Read one domain."""
        return diagnose(self._sample, _cause_of_denial, REMEDIES)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._api.requests

    def remaining(self) -> int:
        """Requests for records that the rate limit would let pass right now."""
        return self._api.remaining("/v1/domains/-/records")

    def close(self) -> None:
        """Release connections."""
        self._api.close()

    def _sample(self) -> str:
        found = rows(self._api.get("/v1/domains", {"limit": 1}, hurry=True), "GoDaddy's list")
        return f"GoDaddy accepts the key and shows it {'domains' if found else 'no domain at all'}."

    def _domain_pages(self) -> Iterator[list[Row]]:
        """Pages up to an empty one; where no short page announces that, it is asked for twice."""
        marker: dict[str, str] = {}
        is_end_near = False
        while True:
            page = self._domain_page(marker)
            if not page and not is_end_near:
                page = self._domain_page(marker)
            if not page:
                return
            yield page
            is_end_near = len(page) < DOMAINS_PER_PAGE
            marker = {"marker": text(page[-1], "domain", "GoDaddy's domain")}

    def _domain_page(self, marker: dict[str, str]) -> list[Row]:
        reply = self._api.get(
            "/v1/domains", {"limit": DOMAINS_PER_PAGE, "includes": "nameServers", **marker}
        )
        return rows(reply, "GoDaddy's list of domains")

    def _record_pages(self, zone: str) -> Iterator[list[Record]]:
        """Pages of records up to the first that is not full.

        Whether `offset` counts records from 0, records from 1 or pages from 1 is not known (users
        of the API did each). Offset 500 continues the first two; if nothing is there, offset 2 is
        page 2 of the third, or else what a zone of exactly 500 records has behind its second one.
        """
        page = self._records(zone)
        yield page
        if len(page) < RECORDS_PER_PAGE:
            return
        offsets = count(RECORDS_PER_PAGE, RECORDS_PER_PAGE)
        following = self._records(zone, offset=next(offsets))
        if not following:
            offsets = count(2)
            following = self._records(zone, offset=next(offsets))
            if following in ([], page[2:]):
                return
        yield following
        while len(following) >= RECORDS_PER_PAGE:
            following = self._records(zone, offset=next(offsets))
            yield following

    def _values_in_sets(
        self, zone: str, records: Sequence[Record]
    ) -> set[tuple[str, str, str, int | None]]:
        return {
            value_of(record)
            for type_, label in sorted(_record_sets(zone, records))
            for record in self._records(zone, f"/{segment(type_)}/{segment(label)}")
        }

    def _records(self, zone: str, rrset: str = "", **offset: int) -> list[Record]:
        reply = self._api.get(
            f"/v1/domains/{segment(zone)}/records{rrset}", {"limit": RECORDS_PER_PAGE, **offset}
        )
        what = f"GoDaddy's list of records of {zone}"
        return [to_record(zone, found) for found in rows(reply, what)]


def to_domain(found: Row) -> Domain:
    """A domain as v1 lists it; its transfer code and contacts are left behind.

    Raises:
        MalformedReply: domain or status is missing.
    """
    name = observed_name(text(found, "domain", "GoDaddy's domain"))
    raw_status = text(found, "status", f"GoDaddy's domain {name}")
    return Domain(
        name=name,
        status=lifecycle(raw_status),
        raw_status=raw_status,
        expires_on=day(found, "expires"),
        registered_on=day(found, "createdAt"),
        auto_renew=flag(found, "renewAuto"),
        locked=flag(found, "locked"),
        privacy=flag(found, "privacy"),
        nameservers=hosts(found, "nameServers"),
    )


def _record_sets(zone: str, records: Sequence[Record]) -> set[tuple[str, str]]:
    """Type and label to ask for; SRV under its full label and without `_service._protocol`."""
    wanted = set()
    for record in records:
        label = record.name.removesuffix(zone).rstrip(".")
        wanted.add((record.type, label or APEX))
        if record.type == "SRV":
            wanted.add((record.type, ".".join(label.split(".")[2:]) or APEX))
    return wanted


def _cause_of_denial(denied: AccessDenied) -> str:
    return "too_few_domains" if denied.code == "ACCESS_DENIED" else "unknown"
