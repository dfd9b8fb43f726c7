"""Fetching a file over HTTPS from an address that somebody else may have written.

Every redirect is checked like the first address; what may be connected to is in line.py. Proxies of
the environment, credentials and cookies are not used. Errors and logs show no query, which may be
a secret.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import httpcore
import httpx

from dnsinv.domain.text import file_name
from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.migration.coming import Coming
from dnsinv.migration.line import Line, Reach

log = logging.getLogger(__name__)

MOST_REDIRECTS = 5
LONGEST_ADDRESS = 2_000  # characters
LONGEST_STAMP = 300
LAST_PORT = 65_535
_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_MISSING = (404, 410)
_UNCHANGED = 304
_OK = 200


def to_url(text: str, *, is_http_allowed: bool) -> httpx.URL:
    """An address in its plain form.

    Raises:
        SourceRefused: it is none, or has what may not be in it; the text shows no secret.
    """
    try:
        if len(text) > LONGEST_ADDRESS or not text.isprintable() or set(text) & {" ", "\\"}:
            raise SourceRefused(
                f"An address has at most {LONGEST_ADDRESS:,} characters, and neither spaces nor "
                "backslashes nor characters that do not show."
            )
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceRefused(f"The address cannot be read: {error}.") from None
    if url.userinfo:
        raise SourceRefused(
            f"The address of {url.host} has a user name or password in it, which would be seen in "
            "lists and logs; use a signed address that expires, or s3:// or gs://."
        )
    schemes = ("https", "http") if is_http_allowed else ("https",)
    if url.port is not None and not 0 < url.port <= LAST_PORT:  # a look-up would wrap it round
        raise SourceRefused(f"{url.host} has no port {url.port}.")
    if url.scheme not in schemes or not url.host:
        hint = "; MIGRATION_HTTP allows http" if url.scheme == "http" else ""
        raise SourceRefused(
            f"{shown(url)} is no address that can be fetched: it must begin with https://{hint}."
        )
    return url


def shown(url: httpx.URL) -> str:
    """An address without what may be a secret."""
    bare = str(url.copy_with(query=None, fragment=None, userinfo=b""))
    return f"{bare}?..." if url.query else bare


@contextmanager
def open_web(text: str, reach: Reach, unless: str = "") -> Iterator[Coming | None]:
    """The file at an address; None where the server says that it is as it was.

    Args:
        unless: the stamp of the file as it was fetched before.

    Raises:
        SourceRefused: it may not be fetched, or the server refuses or does not have it.
        SourceUnavailable: no answer, a fault of the server, too slow, cut off (the blocks too).
    """
    url = to_url(text, is_http_allowed=reach.is_http_allowed)
    with Line(reach) as line:
        response = line.ask(url, _condition(unless))
        for _ in range(MOST_REDIRECTS):
            if response.status not in _REDIRECTS:
                break
            url = _redirected(url, response, reach)
            response = line.ask(url, _condition(unless))
        stamp = _stamp(response)
        if response.status == _UNCHANGED and unless:
            yield None
            return
        _refuse_others(url, response.status)
        if unless and stamp == unless and '"' in stamp:
            yield None
            return
        log.info("fetching address=%s", shown(url))
        name = file_name(unquote(url.path))
        yield Coming(name, stamp, _size(response), line.blocks(response, url))


def _redirected(url: httpx.URL, response: httpcore.Response, reach: Reach) -> httpx.URL:
    target = _header(response, b"location")
    try:
        joined = str(url.join(target).copy_with(fragment=None))
        return to_url(joined, is_http_allowed=reach.is_http_allowed)
    except (httpx.InvalidURL, ValueError):
        reason = "that is no address."
    except SourceRefused as refused:
        reason = f"that is refused: {refused}"
    raise SourceRefused(f"{shown(url)} sends on to another address, and {reason}")


def _refuse_others(url: httpx.URL, status: int) -> None:
    if status == _OK:
        return
    place = shown(url)
    if status in _PASSING:
        raise SourceUnavailable(f"{place} cannot be fetched now: the server answers {status}.")
    if status in _MISSING:
        raise SourceRefused(f"{place} does not exist (the server answers {status}).")
    if status in (401, 403):
        raise SourceRefused(f"{place} may not be read without credentials (it answers {status}).")
    if status in _REDIRECTS:
        raise SourceRefused(f"{place} is sent on more than {MOST_REDIRECTS} times; name its end.")
    raise SourceRefused(f"{place} gives no file: the server answers {status}.")


def _condition(unless: str) -> list[tuple[bytes, bytes]]:
    if not unless:
        return []
    name = b"If-None-Match" if '"' in unless else b"If-Modified-Since"
    return [(name, unless.encode("ascii"))]


def _stamp(response: httpcore.Response) -> str:
    """The ETag, else the time of change, else "". An ETag has quotes, a time has none."""
    tag = _header(response, b"etag")
    stamp = tag if '"' in tag else _header(response, b"last-modified")
    return stamp if len(stamp) <= LONGEST_STAMP and stamp.isascii() and stamp.isprintable() else ""


def _size(response: httpcore.Response) -> int | None:
    length = _header(response, b"content-length")
    return int(length) if length.isdecimal() else None


def _header(response: httpcore.Response, name: bytes) -> str:
    values = (value for key, value in response.headers if key.lower() == name)
    return next(values, b"").decode("latin-1")
