"""Listing an account so that a domain is only taken for gone when it was missed twice."""

from collections.abc import Sequence

from dnsinv.domain.domains import Domain
from dnsinv.errors import IncompleteListing
from dnsinv.providers.provider import Provider

ATTEMPTS = 2
ASKED_BY_NAME = 50  # missing domains that are looked up one by one; beyond that a spread sample


def list_account(
    provider: Provider, expected: Sequence[Domain]
) -> tuple[list[Domain], list[Domain]]:
    """The account's complete listing, and which of the expected domains it lacks.

    Every missing domain (of many, a sample) has been asked for by name and is really not there.

    Raises:
        IncompleteListing: the listing does not prove complete, or leaves out domains that exist.
        ProviderError: as the provider's methods.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            listing = provider.list_domains()
        except IncompleteListing:
            if attempt == ATTEMPTS:
                raise
            continue
        there = {(domain.name, domain.provider_id) for domain in listing}
        missing = [domain for domain in expected if (domain.name, domain.provider_id) not in there]
        hidden = [domain.name for domain in _sample(missing) if provider.still_listed(domain)]
        if not hidden:
            return listing, missing
    raise IncompleteListing(
        f"The listing leaves out {len(hidden)} domains that the provider still knows by name, "
        f"such as {hidden[0]}; nothing of it is used."
    )


def _sample(missing: Sequence[Domain]) -> Sequence[Domain]:
    step = max(1, -(-len(missing) // ASKED_BY_NAME))
    return missing[::step]
