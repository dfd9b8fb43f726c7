"""The error tree: every failure that a caller may have to tell apart.

    DnsinvError
    ├── UsageError              the caller's input or configuration is wrong (exit 2)
    │   ├── BadName             not a DNS name
    │   ├── BadRecord           not the data of its record type
    │   ├── BadSetting          environment, .env or dnsinv.toml
    │   ├── FileRefused         a file to import is not what it should be: nothing of it is taken
    │   ├── NotThere            what is named does not exist
    │   ├── SourceRefused       a file to import may not be fetched
    │   │   └── SourceTooLarge  it has more bytes than may be
    │   └── Conflict            it exists already, or changed meanwhile
    ├── ProviderError           one account's API
    │   ├── BadCredential       the key or token is not accepted
    │   ├── AccessDenied        accepted, but may not read this
    │   ├── NoZoneHere          the domain is ours, its DNS is hosted elsewhere
    │   ├── NotFound            the provider does not know the name
    │   ├── MalformedReply      a field we rely on is missing or absurd
    │   ├── IncompleteListing   a listing that cannot prove it is whole
    │   └── ProviderUnavailable outlasted the retries (429, 5xx, time-outs, resets)
    ├── LakeError               publishing or reading Parquet
    ├── SourceUnavailable       a file to import cannot be fetched now (no answer, cut off)
    ├── Busy                    somebody else holds the lock of this account or lake
    └── ServiceError            a port is taken, a service does not start

Each class says whether trying the same thing again later can help (`is_transient`).
"""


class DnsinvError(Exception):
    """Base of everything this project raises on purpose; its text is one clear sentence."""

    is_transient = False


class UsageError(DnsinvError):
    """The input is wrong; the text says what, where and how to mend it."""


class BadName(UsageError):
    """Not a DNS name."""


class BadRecord(UsageError):
    """Not valid data for its record type."""


class BadSetting(UsageError):
    """A setting, account or credential name is missing or wrong."""


class FileRefused(UsageError):
    """A file to import is refused whole, nothing of it is written; the text names the place.

    `line` and `column` count characters from 1, `byte` counts from 0 in what was decompressed;
    all are 0 where the fault is not in the text (no such file, a directory, a zip archive).
    """

    def __init__(
        self, name: str, cause: str, *, line: int = 0, column: int = 0, byte: int = 0
    ) -> None:
        place = f", line {line}, column {column} (byte {byte})" if line else ""
        super().__init__(f"{name}{place}: {cause}.")
        self.name, self.cause = name, cause
        self.line, self.column, self.byte = line, column, byte


class NotThere(UsageError):
    """What is named does not exist (or not any more)."""


class Conflict(UsageError):
    """It exists already, or somebody else changed it meanwhile."""


class SourceRefused(UsageError):
    """A file to import that may not be fetched from there, is not there, or is too large."""


class SourceTooLarge(SourceRefused):
    """A file to import that has more bytes than MIGRATION_LIMIT allows."""


class ProviderError(DnsinvError):
    """Something one account's API said or failed to say.

    `code` is the provider's own code where it gave one ("ACCESS_DENIED", "9109"), else "".
    """

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class BadCredential(ProviderError):
    """The key or token is not accepted at all."""


class AccessDenied(ProviderError):
    """The credential is genuine but may not read this."""


class NoZoneHere(ProviderError):
    """The domain belongs to the account but its DNS is hosted elsewhere: a state, not a fault."""


class NotFound(ProviderError):
    """The provider does not know this name or id in this account."""


class MalformedReply(ProviderError):
    """The reply lacks a field we rely on, or is not what the API promises."""


class IncompleteListing(ProviderError):
    """A listing whose pages do not add up: it must not be taken for the whole."""


class ProviderUnavailable(ProviderError):
    """Rate limit, server fault, time-out or reset that outlasted every retry."""

    is_transient = True


class LakeError(DnsinvError):
    """Parquet could not be written or read: disk full, not writable, torn file."""


class SourceUnavailable(DnsinvError):
    """A file to import that did not come whole: no answer in time, a server's fault, cut off."""

    is_transient = True


class Busy(DnsinvError):
    """Another process is doing this to the same account or lake right now."""

    is_transient = True


class ServiceError(DnsinvError):
    """A service cannot start or died: port taken, no answer."""
