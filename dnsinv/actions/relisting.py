"""Listing what people entered: the domains folded again soon after, without anybody waiting."""

import logging
import threading

from dnsinv.actions.collect import derive_domains
from dnsinv.actions.installation import Installation

log = logging.getLogger(__name__)


class Relisting:
    """Folds in a thread of its own, one fold after the other; who asks during one shares the next.

    A fold that fails, or that the end of the process cuts off, loses nothing: what was entered is
    in the store, and the next fold of anybody, such as a collection's, lists it.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._is_asked = False
        self._is_at_work = False

    def ask(self) -> None:
        """Have the domains folded soon, with all that is committed by now."""
        with self._lock:
            self._is_asked = True
            if self._is_at_work:
                return
            self._is_at_work = True
        threading.Thread(target=self._work, name="relisting").start()

    def _work(self) -> None:
        while self._is_to_go_on():
            try:
                derive_domains(self._installation)
                log.info("domains listed again")
            except Exception:  # whatever it is, the next one who asks must find a thread
                log.exception("domains not listed again; the next collection does it")

    def _is_to_go_on(self) -> bool:
        with self._lock:
            self._is_at_work, self._is_asked = self._is_asked, False
            return self._is_at_work
