"""Which domains accounts hold as their providers say now, for names that nothing is known of."""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta

from dnsinv.actions.collect import accounts_in_use, provider_of
from dnsinv.actions.installation import Installation, now
from dnsinv.errors import ProviderError
from dnsinv.settings import Account
from dnsinv.store import collections
from dnsinv.store.settings import INTERVAL_MINUTES, number

log = logging.getLogger(__name__)

_LISTING = 20  # requests that a listing may take, and that the rate must have left


def held(installation: Installation, names: Sequence[str]) -> Collection[str]:
    """Those of the names that an account lists now.

    Asked are accounts that were not collected within the interval, once each and only with what
    their rate has left; an account that does not answer holds nothing as far as known.
    """
    wanted, found = set(names), set[str]()
    for account in accounts_in_use(installation):
        if found != wanted and not _is_fresh(installation, account):
            found |= wanted.intersection(_listed(installation, account))
    return found


def _is_fresh(installation: Installation, account: Account) -> bool:
    """Whether what the lake has of it is younger than the collection interval."""
    default = installation.settings.data_collection_interval
    with installation.store.read() as db:
        interval = timedelta(minutes=number(db, INTERVAL_MINUTES, default))
        latest = collections.latest(db, account.name, limit=1)
    ended = latest[0] if latest else None
    is_good = ended is not None and ended.state in ("completed", "partial")
    return is_good and ended is not None and now() - ended.started_at < interval


def _listed(installation: Installation, account: Account) -> set[str]:
    provider = provider_of(installation, account)
    try:
        if provider.remaining() < _LISTING:
            log.info("holders not asked account=%s: its rate is used up", account.name)
            return set()
        return {domain.name for domain in provider.list_domains()}
    except ProviderError as error:
        log.warning("holders not told account=%s error=%s", account.name, error)
        return set()
    finally:
        provider.close()
