"""The guard: what has shrunk too much at once is held back until it is confirmed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

SMALL = 20  # accounts below this many domains are judged by count as well


@dataclass(frozen=True, slots=True)
class Guard:
    """A listing is held when more than `share` of what was known is missing.

    A share means little in a small account, so below 20 domains `count` missing ones suffice too.
    """

    share: float = 0.3
    count: int = 3

    def holds_listing(self, known: int, missing: int) -> bool:
        """Whether a listing that lacks `missing` of `known` domains must be confirmed first."""
        return missing > self.share * known or (known < SMALL and missing >= self.count)

    def holds_zone(self, known: int, missing: int, come: int) -> bool:
        """The same for the records of one zone: emptied, or cut down by more than a few of them.

        Zones are small and edited by hand, so a handful of records is no alarm by itself: every
        missing record has been asked for a second time already. `come` are records that were not
        known before: an edit of all records is no shrinking.
        """
        lost = missing - come
        return lost > 0 and (
            missing == known or (lost > self.share * known and lost >= 2 * self.count)
        )


def digest_of(names: Iterable[str]) -> str:
    """A fingerprint of a set of names, the same in any order."""
    return hashlib.blake2b("\n".join(sorted(names)).encode(), digest_size=16).hexdigest()
