"""Files on this machine: in the watched inbox folder, and any file for the command line.

What a pattern or path of the inbox leads to lies in the inbox, whatever links and dots are in it;
that is checked anew for each step of the way when the file is opened, so that nobody who may write
to the inbox reads other files through it by being quick.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.migration.coming import BLOCK, Coming

MOST = 10_000  # files that one pattern may find
_STEP = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the inbox: its path there, size, and times of change in nanoseconds.

    `changed_ns` is the system's own, which nobody can set.
    """

    name: str
    size: int
    modified_ns: int
    changed_ns: int

    @property
    def stamp(self) -> str:
        """Changes with every change of the file, also one that sets its time back."""
        return f"{self.modified_ns}-{self.changed_ns}"


def any_file(path: Path) -> Path:
    """The plain file that an operator names, absolute and without links.

    Raises:
        SourceRefused: it is not there, not a plain file, or may not be read.
    """
    shown = str(path)
    try:
        whole = path.expanduser().resolve(strict=True)
        facts = whole.stat()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL
        raise SourceRefused(f"The file {shown!r} cannot be read: {_why(error)}.") from error
    _refuse_others(facts, shown)
    if not os.access(whole, os.R_OK):
        raise SourceRefused(f"The file {shown!r} may not be read by this user.")
    return whole


def check_pattern(pattern: str) -> str:
    """A path or pattern within the inbox in its plain form, such as "legacy/*.json".

    Raises:
        SourceRefused: it can lead out of the inbox, or is none.
    """
    path = PurePosixPath(pattern)
    parts = path.parts
    if not parts or not _is_plain(pattern):
        raise SourceRefused(f"{pattern[:100]!a} is no path or pattern of the inbox.")
    if any("**" in part and part != "**" for part in parts):
        raise SourceRefused(f"{pattern[:100]!r} has ** beside other text; ** is any folders alone.")
    if path.is_absolute() or ".." in parts:
        raise SourceRefused(
            f"{pattern[:100]!r} leads out of the inbox; write it as seen from there, such as "
            "legacy/*.json."
        )
    return "/".join(parts)


def find(inbox: Path, pattern: str) -> list[Found]:
    """The plain files that a path or pattern names now, in order of name; none is no fault.

    A pattern passes over links that lead out, names that begin with a dot (of many programs: files
    under way) or are not text, and everything that is no plain file; a path without * ? [ to any
    of these is refused.

    Raises:
        SourceRefused: it leads out, or there are too many.
    """
    clean = check_pattern(pattern)
    if not _MAGIC & set(clean):
        return [_look(inbox, clean)] if os.path.lexists(inbox / clean) else []
    try:
        names = [path.relative_to(inbox).as_posix() for path in islice(inbox.glob(clean), MOST + 1)]
    except (OSError, ValueError) as error:
        raise SourceRefused(f"The inbox {inbox} cannot be searched: {_why(error)}.") from error
    if len(names) > MOST:
        raise SourceRefused(
            f"{pattern!r} finds more than {MOST:,} files in the inbox; be more exact, or take "
            "away those that are imported."
        )
    found = []
    for name in sorted(names):
        if _is_plain(name) and not any(part.startswith(".") for part in name.split("/")):
            with suppress(SourceRefused):
                found.append(_look(inbox, name))
    return found


@contextmanager
def open_inbox(inbox: Path, name: str) -> Iterator[Coming]:
    """One file of the inbox, as it is at this moment.

    Raises:
        SourceRefused: it is not there (any more), leads out or is no plain file.
        SourceUnavailable: it changed while it was read.
    """
    handle = _open(inbox, name)
    try:
        before = _found(name, _refuse_others(os.fstat(handle), name))
        yield Coming(name, before.stamp, before.size, _blocks(handle, before))
    finally:
        os.close(handle)


def _blocks(handle: int, before: Found) -> Iterator[bytes]:
    try:
        while block := os.read(handle, BLOCK):
            yield block
        after = _found(before.name, os.fstat(handle))
    except OSError as error:
        raise SourceUnavailable(f"{before.name!r} cannot be read: {_why(error)}.") from error
    if after != before:
        raise SourceUnavailable(
            f"{before.name!r} changed in the inbox while it was read; it is taken once it stands."
        )


def _look(inbox: Path, name: str) -> Found:
    with _folder(inbox, name) as (folder, last):
        return _found(name, _plain(folder, last, name))


def _open(inbox: Path, name: str) -> int:
    with _folder(inbox, name) as (folder, last):
        _plain(folder, last, name)
        # Non-blocking, for what has become a named pipe would wait for somebody to write.
        return os.open(last, _STEP | os.O_NONBLOCK, dir_fd=folder)


@contextmanager
def _folder(inbox: Path, name: str) -> Iterator[tuple[int, str]]:
    """The open folder that a file of the inbox lies in, and how the file is called there.

    A link at any step of a path that was resolved was put there afterwards, and is not followed.
    """
    try:
        root = inbox.resolve(strict=True)
        parts = (root / name).resolve(strict=True).relative_to(root).parts
        handle = os.open(root, _STEP | os.O_DIRECTORY)
        try:
            for part in parts[:-1]:
                inner = os.open(part, _STEP | os.O_DIRECTORY, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle, parts[-1] if parts else "."
        finally:
            os.close(handle)
    except ValueError:
        raise SourceRefused(f"{name!r} leads out of the inbox {inbox}.") from None
    except (OSError, RuntimeError) as error:
        raise SourceRefused(
            f"{name!r} cannot be read in the inbox {inbox}: {_why(error)}."
        ) from error


def _plain(folder: int, last: str, name: str) -> os.stat_result:
    return _refuse_others(os.stat(last, dir_fd=folder, follow_symlinks=False), name)


def _refuse_others(facts: os.stat_result, name: str) -> os.stat_result:
    kind = stat.S_IFMT(facts.st_mode)
    if kind != stat.S_IFREG:
        raise SourceRefused(f"{name!r} is {_KINDS.get(kind, 'no plain file')}; name a file.")
    return facts


def _is_plain(name: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in name)


def _found(name: str, facts: os.stat_result) -> Found:
    return Found(name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
