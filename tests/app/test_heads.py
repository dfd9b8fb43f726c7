"""Heads of requests that are larger than any client's."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from starlette.responses import PlainTextResponse

from dnsinv_app.heads import LARGEST_HEAD
from tests.app.api import DEADLINE, serving


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving(PlainTextResponse("here")) as found:
        parts = urlsplit(found)
        yield str(parts.hostname), int(parts.port or 0)


def answered(address: tuple[str, int], *pieces: bytes) -> bytes:
    """What comes back until the server closes; b"" where it closes without a word."""
    found = b""
    with socket.create_connection(address, DEADLINE) as connection, suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)
        while piece := connection.recv(65_536):
            found += piece
    return found


def head(*headers: bytes, path: bytes = b"/") -> bytes:
    lines = [b"GET %s HTTP/1.1" % path, b"host: localhost", b"connection: close", *headers]
    return b"\r\n".join([*lines, b"", b""])


def test_a_head_within_the_limit_is_answered(address: tuple[str, int]) -> None:
    large = b"x: " + b"y" * (LARGEST_HEAD - 200)
    assert answered(address, head(large)).endswith(b"here")


@pytest.mark.parametrize(
    "sent",
    [
        head(b"x: " + b"y" * LARGEST_HEAD),
        head(*[b"x-%d: %s" % (n, b"y" * 100) for n in range(700)]),
        head(path=b"/" + b"y" * LARGEST_HEAD),
    ],
    ids=["one header", "many headers", "the address"],
)
def test_a_larger_one_is_refused(address: tuple[str, int], sent: bytes) -> None:
    assert answered(address, sent).startswith(b"HTTP/1.1 431 ")


def test_one_that_never_ends_is_refused_long_before_it_would(address: tuple[str, int]) -> None:
    begun = head()[:-2] + b"x: "
    found = answered(address, begun, *[b"y" * 16_384] * 640)  # 10 MB, of which little is taken
    assert found == b"" or found.startswith(b"HTTP/1.1 431 ")
    assert answered(address, head()).endswith(b"here"), "and the server goes on"


def test_what_is_no_request_at_all_is_told_so(address: tuple[str, int]) -> None:
    assert answered(address, b"\x00\x01\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_large_body_is_no_head(address: tuple[str, int]) -> None:
    size = 4 * LARGEST_HEAD
    told = head(b"content-length: %d" % size).replace(b"GET", b"POST")
    assert answered(address, told + b"y" * size).endswith(b"here")
