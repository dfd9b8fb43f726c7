"""What the rest of the product may ask of one account, whoever hosts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Whether an account's credential works, in words for the person who must mend it.

    `code` is one of: ok, bad_key, missing_scope, ip_filter, account_token, too_few_domains,
    rate_limited, unreachable, malformed, unknown.
    """

    is_ok: bool
    code: str
    text: str


class Provider(Protocol):
    """One account, ready to be read. Every method may be called from several threads at once.

    All raise AccessDenied, BadCredential, MalformedReply, ProviderUnavailable.
    """

    name: str
    """The kind of API: "godaddy" or "cloudflare"."""

    def list_domains(self) -> list[Domain]:
        """Every domain of the account, sorted by (name, provider_id), proven complete.

        Raises:
            IncompleteListing: the pages do not add up to the whole.
        """
        ...

    def read_zone(self, domain: Domain) -> list[Record]:
        """Every record of the zone of one listed domain, sorted, proven complete.

        Raises:
            NoZoneHere: the domain's DNS is hosted elsewhere.
            NotFound: the provider no longer knows the zone.
            IncompleteListing: the pages do not add up to the whole.
        """
        ...

    def is_whole(self, domain: Domain, records: Sequence[Record]) -> bool:
        """Whether a zone that was never read before holds no more than a reading says.

        What a first reading leaves out would come to light as additions later, so a reading that
        does not prove itself is looked at once more here.
        """
        ...

    def still_listed(self, domain: Domain) -> bool:
        """Whether the account still holds a domain that its listing left out (asked by name)."""
        ...

    def still_served(self, domain: Domain, records: Sequence[Record]) -> list[Record]:
        """Those of `records` that the zone still has although a reading left them out.

        Asks in another way than `read_zone` where the API has one, so that a reading cut short
        without a sign of it is not taken for a removal.
        """
        ...

    def diagnose(self) -> Diagnosis:
        """Try a real read and say in words what stands in the way; never raises."""
        ...

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        ...

    def remaining(self) -> int:
        """Requests for zones that the rate limit allows at once from now."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
