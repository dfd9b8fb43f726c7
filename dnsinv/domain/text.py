"""Text that people write, in the one form in which it is stored: one line, or several."""

import unicodedata

from dnsinv.errors import UsageError

LONGEST_LINE = 100
LONGEST_NOTE = 10_000
MOST_TAGS = 50
LONGEST_TAG = 50
LONGEST_FILE_NAME = 200

_NEVER_SHOWN = ("Cc", "Cf", "Cs", "Co")
_SHOWN = 20  # characters of a text that an error quotes


class BadText(UsageError):
    """Not a text that can be kept: too long, or with characters that do not show."""


def is_storable(text: str) -> bool:
    """Whether every database takes it: it has no NUL and no half of a character."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def clean_line(text: str, what: str, longest: int = LONGEST_LINE) -> str:
    """One line in normal form (NFC, single spaces); "" where there is nothing.

    Raises:
        BadText: it is too long, or has characters that do not show.
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if len(line) > longest:
        raise BadText(f"The {what} {line[:_SHOWN]!a}... is longer than {longest} characters.")
    if any(unicodedata.category(character) in _NEVER_SHOWN for character in line):
        raise BadText(f"The {what} {line[:_SHOWN]!a} has characters that do not show.")
    return line


def file_name(text: str) -> str:
    """What a sender calls a file, to be shown: its last part, on one line, of harmless characters.

    Never refuses: what cannot be shown is left out, what is too long is cut in the middle, so that
    the ending stays. "file" where nothing is left. Never use it as a path.
    """
    last = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = (c for c in unicodedata.normalize("NFC", last) if not _is_hidden(c))
    line = " ".join("".join(shown).split())
    if len(line) > LONGEST_FILE_NAME:
        half = LONGEST_FILE_NAME // 2
        line = f"{line[: half - 1]}…{line[-half:]}"
    return line if line.strip(".") else "file"


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _NEVER_SHOWN and not character.isspace()


def clean_note(text: str, what: str = "note", longest: int = LONGEST_NOTE) -> str:
    """Lines in normal form (NFC, ended by a line feed, no space around the whole).

    Characters that only shape others, such as joiners in emoji, may be in it.

    Raises:
        BadText: it is too long, or has control characters.
    """
    note = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(note) > longest:
        raise BadText(f"The {what} has {len(note):,} characters; at most {longest:,} are possible.")
    for character in note:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise BadText(f"The {what} has the control character {character!a} in it.")
    return note


def clean_tags(tags: list[str]) -> list[str]:
    """Tags in lower case, each once, sorted; empty ones are left out.

    Raises:
        BadText: one is too long or has a comma in it, or there are too many.
    """
    found = {clean_line(tag, "tag", LONGEST_TAG).lower() for tag in tags} - {""}
    # Lower case may be longer (İ), and need composing again.
    found = {clean_line(tag, "tag", LONGEST_TAG) for tag in found}
    if bad := next((tag for tag in sorted(found) if "," in tag or ";" in tag), None):
        raise BadText(f"The tag {bad!r} has a comma or semicolon in it, which lists of tags need.")
    if len(found) > MOST_TAGS:
        raise BadText(f"{len(found)} tags are too many; at most {MOST_TAGS} are possible.")
    return sorted(found)
