"""Migrations: what becomes of one, and the rules of its states. No I/O."""

from enum import StrEnum


class State(StrEnum):
    """Where a migration stands."""

    PENDING = "pending"  # accepted, not begun
    STAGING = "staging"  # its file is read, checked, sorted and cut into batches
    RUNNING = "running"  # batches are committed
    PAUSED = "paused"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed with errors"  # some items gave no row
    FAILED = "failed"
    CANCELLED = "cancelled"


class Control(StrEnum):
    """What a person may ask of a migration."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class Strategy(StrEnum):
    """What becomes of what is there already."""

    SKIP = "skip"  # it stays
    REPLACE = "replace"  # the new values win, all of them
    MERGE = "merge"  # it stays, and new values fill in where it has none
    APPEND = "append"  # it stays, and the new one stands beside it


OUTCOMES = ("new", "skipped", "replaced", "merged", "appended")
OPEN = frozenset({State.PENDING, State.STAGING, State.RUNNING, State.PAUSED})
ENDED = frozenset(State) - OPEN
SUCCESSFUL = frozenset({State.COMPLETED, State.COMPLETED_WITH_ERRORS})
CONTROLS: dict[Control, frozenset[State]] = {
    Control.PAUSE: frozenset({State.PENDING, State.STAGING, State.RUNNING}),
    Control.RESUME: frozenset({State.PAUSED, State.FAILED, State.CANCELLED}),
    Control.CANCEL: OPEN,
}
"""In which states each may be asked for."""

_PREFIX, _DIGITS = "m", 6


def migration_id(number: int) -> str:
    """The id by which a migration is known: m000001 and so on; they sort as the numbers do."""
    return f"{_PREFIX}{number:0{_DIGITS}}"


def migration_number(text: str) -> int | None:
    """The number in an id; None where it is none."""
    digits = text.removeprefix(_PREFIX)
    if text == digits or not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    number = int(digits)
    return number if migration_id(number) == text else None
