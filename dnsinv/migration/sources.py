"""Where a file to import comes from, as one line of text, and how it gets here.

    legacy/*.json               a path or pattern in the inbox folder
    https://files.example/a.csv, s3://bucket/a.json, gs://bucket/a.json

Whatever it is, it becomes an upload: a copy of our own, with its digest, that nobody changes while
it is imported. Files anywhere else on this machine are for the command line (inbox.any_file).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dnsinv.errors import SourceRefused, SourceTooLarge
from dnsinv.lake.layout import Layout
from dnsinv.migration.buckets import open_object, to_place
from dnsinv.migration.coming import Coming
from dnsinv.migration.fetching import open_web, shown, to_url
from dnsinv.migration.inbox import check_pattern, open_inbox
from dnsinv.migration.line import Reach
from dnsinv.migration.uploads import Upload, receive, too_large
from dnsinv.settings import Settings

_WEB = ("https", "http")
_STORES = ("s3", "gs")


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that is here now, and what its source said of its state (see Coming.stamp)."""

    upload: Upload
    stamp: str


def scheme_of(source: str) -> str:
    """What the source begins with, in lower case: "https", "s3" ...; "" for the inbox."""
    scheme, separator, _ = source.partition("://")
    return scheme.lower() if separator else ""


def check_source(source: str, settings: Settings) -> str:
    """A source in its plain form.

    Raises:
        SourceRefused: it is none, or would be refused whatever is there.
    """
    scheme = scheme_of(source)
    if not scheme:
        return check_pattern(source)
    if scheme in _WEB:
        return str(to_url(source, is_http_allowed=settings.migration_http).copy_with(fragment=None))
    if scheme in _STORES:
        return str(to_place(source))
    raise SourceRefused(
        f"{scheme[:20]}:// is no source; there are https://, s3://, gs://, and paths in the inbox "
        "folder such as legacy/*.json."
    )


def shown_source(source: str, settings: Settings) -> str:
    """A source without what may be a secret: the query of an address."""
    if scheme_of(source) in _WEB:
        return shown(to_url(source, is_http_allowed=True))
    return check_source(source, settings)


def bring(
    layout: Layout, settings: Settings, source: str, *, unless: str = "", reach: Reach | None = None
) -> Brought | None:
    """Copy one file here; None where its source says that it is as it was.

    Args:
        source: an address, or the path (no pattern) of a file in the inbox.
        unless: the stamp with which it was brought before.
        reach: what may be reached over HTTP; by default as the settings say.

    Raises:
        SourceRefused: it may not be fetched, is not there, or is too large.
        SourceUnavailable: it does not come whole now; another time it may.
        LakeError: the disk is full, or not writable.
    """
    with _opened(settings, check_source(source, settings), unless, reach) as coming:
        if coming is None:
            return None
        if coming.size is not None and coming.size > settings.largest_file:
            raise SourceTooLarge(too_large(coming.name, settings.largest_file, coming.size))
        return Brought(receive(layout, settings, coming.name, coming.blocks), coming.stamp)


@contextmanager
def _opened(
    settings: Settings, source: str, unless: str, reach: Reach | None
) -> Iterator[Coming | None]:
    scheme = scheme_of(source)
    if scheme in _WEB:
        with open_web(source, reach or Reach.of(settings), unless) as coming:
            yield coming
    elif scheme in _STORES:
        with open_object(to_place(source), settings, unless) as coming:
            yield coming
    else:
        with open_inbox(settings.inbox, source) as coming:
            yield coming
