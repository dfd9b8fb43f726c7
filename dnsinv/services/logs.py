"""The services' log files: DB_PATH/logs/<service>.log, rotated by size when a service starts."""

from pathlib import Path

LARGEST = 5_000_000  # bytes
KEPT = 3  # older files: .1 is the newest of them
QUOTED_LINES = 12
QUOTED_BYTES = 4_000


def rotate(path: Path) -> int:
    """Make room for a new start and give the size from which its own lines begin.

    Raises:
        OSError: the folder is not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    size = path.stat().st_size if path.exists() else 0
    if size < LARGEST:
        return size
    for number in range(KEPT, 0, -1):
        older = path if number == 1 else _numbered(path, number - 1)
        if older.exists():
            older.replace(_numbered(path, number))
    return 0


def last_lines(path: Path, start: int = 0) -> str:
    """The end of what was written since `start`, "" where nothing was."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(start, end - QUOTED_BYTES))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-QUOTED_LINES:])


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
