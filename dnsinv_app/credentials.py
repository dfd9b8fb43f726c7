"""Whom cookies and tokens stand for, asked of the store as rarely as is safe."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from dnsinv.actions.installation import Installation, now
from dnsinv.actions.sign_in import Session, key_of, session_by_key
from dnsinv.actions.tokens import Holder, holder_of

THREADS = 8
KEPT_SECONDS = 5.0  # use is written down and idleness judged at least as often
MOST_KEPT = 10_000


Found = TypeVar("Found", Session, Holder)


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Session | Holder
    version: int
    since: float

    def is_good(self, version: int | None) -> bool:
        until = self.found.expires_at
        return (
            self.version == version
            and monotonic() - self.since < KEPT_SECONDS
            and (until is None or until > now())
        )


class Credentials:
    """What is found is kept only for as long as nobody has committed anything to the store."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._kept: dict[str, _Kept] = {}
        self._limiter = CapacityLimiter(THREADS)

    async def session(self, session_id: str, *, is_used: bool = True) -> Session | None:
        """The session that is not over.

        Raises:
            StoreError: the store does not answer.
        """
        key = key_of(session_id)
        ask = partial(session_by_key, self._installation, key, is_used=is_used)
        return await self._ask(f"session {key} {is_used}", ask)

    async def by_key(self, key: str, *, is_used: bool) -> Session | None:
        """The same by the session's key, and never from memory."""
        ask = partial(session_by_key, self._installation, key, is_used=is_used)
        return await to_thread.run_sync(ask, limiter=self._limiter)

    async def holder(self, secret: str) -> Holder | None:
        """Whom a token acts for.

        Raises:
            StoreError: the store does not answer.
        """
        ask = partial(holder_of, self._installation, secret)
        return await self._ask(f"token {key_of(secret)}", ask)

    def version(self) -> int | None:
        """As the store's: another number after anything was committed, None where it has none."""
        return self._installation.store.version()

    async def _ask(self, name: str, ask: Callable[[], Found | None]) -> Found | None:
        version = self.version()
        kept = self._kept.get(name)
        if kept is not None and kept.is_good(version):
            return kept.found  # type: ignore[return-value]
        found = await to_thread.run_sync(ask, limiter=self._limiter)
        if found is None or version is None:
            self._kept.pop(name, None)
        else:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[name] = _Kept(found, version, monotonic())
        return found
