"""Listing an account so that a domain is only taken for gone when everything says so.

A list may be cut short without a sign of it, and "not found" may be a fault of the moment. So what
a list lacks is asked for by name, a name that is listed must be known by the same question, and
then all of it is asked once more.
"""

from collections.abc import Sequence

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.errors import IncompleteListing
from dnsinv.providers.provider import Provider

ATTEMPTS = 4  # listings at most
FAILURES = 2  # of which so many may fail to prove complete
ASKED_BY_NAME = 50  # missing domains that are looked up one by one; beyond that a spread sample
LISTED_AGAIN = 5_000  # domains; of larger accounts a list is long, and names asked must suffice


def list_account(
    provider: Provider, expected: Sequence[Domain]
) -> tuple[list[Domain], list[Domain]]:
    """The account's complete listing, and which of the expected domains it lacks.

    Every missing domain (of many, a sample) has been asked for by name and is really not there,
    and two listings agree on what is missing. An empty account has been found empty twice.

    Raises:
        IncompleteListing: the listing does not prove complete, or leaves out domains that exist.
        ProviderError: as the provider's methods.
    """
    failures = 0
    lacked: set[tuple[str, str]] | None = None
    for _ in range(ATTEMPTS):
        try:
            listing = provider.list_domains()
            missing = _missing(provider, listing, expected)
        except IncompleteListing:
            failures += 1
            if failures == FAILURES:
                raise
            lacked = None
            continue
        lacks = {_key(domain) for domain in missing}
        if (listing and not missing) or lacks == lacked or len(expected) > LISTED_AGAIN:
            return listing, missing
        lacked = lacks
    raise IncompleteListing("The listing lacks other domains every time that it is made.")


def missing_from(listing: Sequence[Domain], expected: Sequence[Domain]) -> list[Domain]:
    """Those of the expected domains that a listing lacks."""
    there = {_key(domain) for domain in listing}
    return [domain for domain in expected if _key(domain) not in there]


def _missing(
    provider: Provider, listing: Sequence[Domain], expected: Sequence[Domain]
) -> list[Domain]:
    missing = missing_from(listing, expected)
    hidden = [domain.name for domain in _sample(missing) if provider.still_listed(domain)]
    if hidden:
        raise IncompleteListing(
            f"The listing leaves out {len(hidden)} domains that the provider still knows by name, "
            f"such as {hidden[0]}; nothing of it is used."
        )
    known = {_key(domain) for domain in expected} if missing else set()
    for domain in listing:
        if _key(domain) in known and domain.status is Lifecycle.ACTIVE:
            if not provider.still_listed(domain):
                raise IncompleteListing(
                    f"The provider lists {domain.name} and does not know it by name, so it cannot "
                    f"be asked for what the listing lacks, such as {missing[0].name}."
                )
            break
    return missing


def _sample(missing: Sequence[Domain]) -> Sequence[Domain]:
    step = max(1, -(-len(missing) // ASKED_BY_NAME))
    return missing[::step]


def _key(domain: Domain) -> tuple[str, str]:
    return domain.name, domain.provider_id
