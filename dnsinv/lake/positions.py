"""Where the rows of a choice stand, computed once and kept while there is room."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int32]
ROOM = 32 * 1024 * 1024  # bytes of all that is kept: eight orders of a million rows


def among(found: Positions, others: Positions | range) -> Positions:
    """Those of the others that were found, in the order of the others."""
    if isinstance(others, range):
        return found[found < others.stop]
    size = 1 + max(found.max(initial=0), others.max(initial=0))
    is_found = np.zeros(size, np.bool_)
    is_found[found] = True
    return others[is_found[others]]


class KeptPositions:
    """The arrays last asked for, up to so many bytes; nobody computes what another already does.

    The very last one is kept however large it is: its next page will be wanted.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Positions] = OrderedDict()
        self._used = 0
        self._under_way: dict[Hashable, threading.Lock] = {}

    def find(self, key: Hashable) -> Positions | None:
        """The array of that key, if it is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def get(self, key: Hashable, compute: Callable[[], Positions]) -> Positions:
        """The array of that key; whatever makes it equal must be in the key."""
        found = self.find(key)
        if found is not None:
            return found
        with self._lock:
            turn = self._under_way.setdefault(key, threading.Lock())
        with turn:
            found = self.find(key)
            if found is not None:
                return found
            try:
                made = compute()
                with self._lock:
                    self._keep(key, made)
            finally:
                with self._lock:
                    self._under_way.pop(key, None)
        return made

    def _keep(self, key: Hashable, made: Positions) -> None:
        self._kept[key] = made
        self._used += made.nbytes
        while self._used > self._room and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._used -= dropped.nbytes
