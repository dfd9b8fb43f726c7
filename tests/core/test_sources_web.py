"""Fetching over HTTP: what may be reached, redirects, limits, and servers that mean harm."""

import hashlib
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from dnsinv.domain.networks import is_public
from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.lake.layout import Layout
from dnsinv.migration.line import Reach, resolve
from dnsinv.migration.sources import Brought, bring, check_source, shown_source
from dnsinv.settings import Settings
from tests.core.file_server import certificates, drip, reply, serving

HERE = Reach(20, [ip_network("127.0.0.0/8")], is_http_allowed=True)
FILE = b'[{"domain": "a.example"}]'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(db_path=tmp_path, migration_http=True, migration_limit="1KB", _env_file=None)


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    yield Layout(tmp_path)
    parts = list((tmp_path / "staging").glob("uploads/*.part"))
    assert parts == [], "nothing is left of what did not come whole"


def fetched(layout: Layout, settings: Settings, source: str, **more: Any) -> Brought:
    brought = bring(layout, settings, source, **{"reach": HERE} | more)
    assert brought is not None
    return brought


def refused(layout: Layout, settings: Settings, source: str, reach: Reach = HERE) -> str:
    with pytest.raises(SourceRefused) as caught:
        bring(layout, settings, source, reach=reach)
    assert list(layout.uploads.glob("*")) == []
    return str(caught.value)


def unavailable(layout: Layout, settings: Settings, source: str, reach: Reach = HERE) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        bring(layout, settings, source, reach=reach)
    assert list(layout.uploads.glob("*")) == []
    return str(caught.value)


# -- what comes -----------------------------------------------------------------------------------


def test_a_file_comes_with_its_name_size_and_digest(layout: Layout, settings: Settings) -> None:
    with serving({"/old/My%20domains.json?sig=x": reply(FILE, etag='"v1"')}) as server:
        brought = fetched(layout, settings, server.address("/old/My%20domains.json?sig=x"))
    upload = brought.upload
    assert (upload.name, upload.bytes, brought.stamp) == ("My domains.json", len(FILE), '"v1"')
    assert upload.sha256 == hashlib.sha256(FILE).hexdigest()
    assert upload.path.read_bytes() == FILE


def test_it_comes_over_tls_from_a_server_whose_certificate_is_believed(
    layout: Layout, settings: Settings, tmp_path: Path
) -> None:
    theirs, ours = certificates(tmp_path, "files.example")
    reach = replace(HERE, is_http_allowed=False, resolve=lambda *_: ["127.0.0.1"])
    with serving({"/a.json": reply(FILE)}, theirs) as server:
        address = server.address("/a.json", "files.example")
        known = fetched(layout, settings, address, reach=replace(reach, trust=lambda: ours))
        assert known.upload.path.read_bytes() == FILE
        with pytest.raises(SourceRefused, match=r"certificate of files\.example is not believed"):
            bring(layout, settings, address, reach=reach)
        other = server.address("/a.json", "other.example")
        with pytest.raises(SourceRefused, match=r"certificate of other\.example is not believed"):
            bring(layout, settings, other, reach=replace(reach, trust=lambda: ours))


def test_a_file_in_chunks_comes_whole(layout: Layout, settings: Settings) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (FILE[:7], FILE[7:]))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving({"/": head + chunks + b"0\r\n\r\n"}) as server:
        assert fetched(layout, settings, server.address()).upload.path.read_bytes() == FILE


def test_a_file_that_is_as_it_was_is_not_fetched_again(layout: Layout, settings: Settings) -> None:
    date = "Mon, 02 Mar 2026 08:00:00 GMT"

    def answer(path: str, connection: socket.socket) -> None:
        asked = server.asked[-1]
        if 'If-None-Match: "v1"' in asked or f"If-Modified-Since: {date}" in asked:
            connection.sendall(reply(status="304 Not Modified"))
        elif path == "/tagged":
            connection.sendall(reply(FILE, etag='"v1"'))
        elif path == "/dated":
            connection.sendall(reply(FILE, last_modified=date))
        else:
            connection.sendall(reply(FILE, etag='"v2"'))

    with serving(answer) as server:
        for path in ("/tagged", "/dated", "/ignores-conditions"):
            stamp = fetched(layout, settings, server.address(path)).stamp
            again = bring(layout, settings, server.address(path), unless=stamp, reach=HERE)
            assert again is None, path
        assert fetched(layout, settings, server.address("/tagged"), unless='"v0"').stamp == '"v1"'


def test_proxies_of_the_environment_are_not_used(
    layout: Layout, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({}) as proxy, serving({"/a": reply(FILE)}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address())
        fetched(layout, settings, server.address("/a"))
        assert proxy.asked == []


# -- what may be reached --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
        "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
        "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:7f00:1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "4000::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "172.32.0.1", "192.0.1.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1",
     "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)  # fmt: skip
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "0", "0.0.0.0",
     "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]"],
)  # fmt: skip
def test_no_way_of_writing_this_machine_reaches_it(
    layout: Layout, settings: Settings, host: str
) -> None:
    with serving({"/": reply(FILE)}) as server:
        text = refused(layout, settings, server.address("/", host), replace(HERE, networks=[]))
        assert server.asked == []
    assert "MIGRATION_NETWORKS" in text or text.startswith("The address cannot be read")


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["2606:4700::1111", "fe80::1%eth0"],
        ["::ffff:169.254.169.254"],
    ],
)
def test_a_name_with_any_address_that_is_not_public_is_refused_whole(
    layout: Layout, settings: Settings, found: list[str]
) -> None:
    reach = replace(HERE, networks=[], resolve=lambda *_: found)
    assert "not public" in refused(layout, settings, "http://mixed.example/a.json", reach)


def test_a_name_that_changes_after_it_was_checked_changes_nothing(
    layout: Layout, settings: Settings
) -> None:
    """The name server says an address that may be reached, then one that may not."""
    with serving({"/": reply(FILE)}) as right, serving({"/": reply(b"secret")}) as wrong:
        answers = iter([["127.0.0.2"], ["127.0.0.1"]])
        looked_up = []

        def rebind(host: str, port: int) -> list[str]:
            looked_up.append(host)
            return next(answers)

        reach = replace(HERE, networks=[ip_network("127.0.0.2")], resolve=rebind)
        text = unavailable(layout, settings, wrong.address("/", "rebound.example"), reach)
        assert "does not send the file" in text
        assert (looked_up, wrong.asked, right.asked) == (["rebound.example"], [], [])


def test_a_network_that_the_settings_name_is_reached_and_no_other(
    layout: Layout, settings: Settings
) -> None:
    allowing = settings.model_copy(update={"migration_networks": "127.0.0.1, fd12::/16"})
    reach = Reach.of(allowing)
    with serving({"/": reply(FILE)}) as server:
        assert fetched(layout, settings, server.address(), reach=reach).upload.bytes == len(FILE)
        mapped = server.address("/", "[::ffff:127.0.0.1]")
        assert fetched(layout, settings, mapped, reach=reach).upload.bytes == len(FILE)
    with pytest.raises(SourceRefused, match="not public"):
        bring(layout, settings, "http://127.0.0.2/", reach=reach)


def test_the_system_resolver_gives_every_address_once() -> None:
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


def test_a_host_that_nobody_knows_is_a_sentence(layout: Layout, settings: Settings) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def silent(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    told = refused(layout, settings, "http://gone.example/", replace(HERE, resolve=unknown))
    assert told == "The host 'gone.example' is not found: Name or service not known."
    unavailable(layout, settings, "http://gone.example/", replace(HERE, resolve=silent))
    refused(layout, settings, f"http://{'a' * 64}.example/")


# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("file:///etc/passwd", "is no source"),
        ("ftp://files.example/a", "is no source"),
        ("gopher://127.0.0.1:6379/_x", "is no source"),
        ("http://files.example/a", "MIGRATION_HTTP"),
        ("https:///a", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https://u:geheim@files.example/a", "user name or password"),
        ("https://geheim@files.example/a", "user name or password"),
        ("https://files.example\\@127.0.0.1/geheim", "backslashes"),
        ("https://files.example/a\nHost: x", "neither spaces"),
        ("https://files.example/a b", "neither spaces"),
        ("https://files.example/" + "a" * 2_000, "2,000 characters"),
        ("https://[::1/geheim", "cannot be read"),
        ("https://x:port/", "cannot be read"),
        ("https://x:65616/", "has no port 65616"),
        ("https://x:0/", "has no port 0"),
        ("https://１２７.0.0.1/", "cannot be read"),
    ],
)
def test_addresses_that_are_none(tmp_path: Path, source: str, reason: str) -> None:
    plain = Settings(db_path=tmp_path, _env_file=None)
    with pytest.raises(SourceRefused) as caught:
        check_source(source, plain)
    assert reason in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_query_of_an_address_is_shown_nowhere(
    layout: Layout, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="dnsinv")
    with serving({"/a.json?sig=geheim": reply(FILE)}) as server:
        source = server.address("/a.json?sig=geheim#geheim")
        assert shown_source(source, settings) == server.address("/a.json?...")
        assert fetched(layout, settings, source).upload.name == "a.json"
        with pytest.raises(SourceRefused) as caught:
            bring(layout, settings, server.address("/b.json?sig=geheim"), reach=HERE)
    assert str(caught.value) == (
        f"{server.address('/b.json?...')} does not exist (the server answers 404)."
    )
    assert "fetching" in caplog.text
    assert "geheim" not in caplog.text


# -- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(layout: Layout, settings: Settings, status: int) -> None:
    replies = {
        "/a": reply(status=f"{status} Moved", location="b/c?x=1#y"),
        "/b/c?x=1": reply(FILE),
    }
    with serving(replies) as server:
        assert fetched(layout, settings, server.address("/a")).upload.name == "c"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://2852039166/",
        "//169.254.169.254/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "ftp://files.example/",
        "gopher://files.example/",
        "http://u:p@127.0.0.1/",
        "s3://bucket/key",
        "",
        "http://[",
        "https://",
        "\x80\xff//",
    ],
)
def test_a_redirect_reaches_nothing_that_an_address_may_not(
    layout: Layout, settings: Settings, target: str
) -> None:
    with serving({"/": reply(status="302 Found", location=target)}) as server:
        text = refused(layout, settings, server.address())
        assert len(server.asked) <= 6
    assert text.endswith(".")


def test_a_redirect_from_https_to_http_is_refused_unless_allowed(
    layout: Layout, settings: Settings, tmp_path: Path
) -> None:
    theirs, ours = certificates(tmp_path)
    reach = replace(HERE, trust=lambda: ours)
    strict = settings.model_copy(update={"migration_http": False})
    with serving({"/": reply(FILE)}) as plain:
        away = {"/": reply(status="302 Found", location=plain.address())}
        with serving(away, theirs) as server:
            text = refused(layout, strict, server.address(), replace(reach, is_http_allowed=False))
            assert (plain.asked, "MIGRATION_HTTP" in text) == ([], True)
            fetched(layout, settings, server.address(), reach=reach)


def test_five_redirects_are_followed_and_a_sixth_is_not(layout: Layout, settings: Settings) -> None:
    def answer(path: str, connection: socket.socket) -> None:
        left = int(path[1:])
        more = reply(status="302 Found", location=f"/{left - 1}")
        connection.sendall(more if left else reply(FILE))

    with serving(answer) as server:
        assert fetched(layout, settings, server.address("/5")).upload.bytes == len(FILE)
        with pytest.raises(SourceRefused, match="more than 5 times"):
            bring(layout, settings, server.address("/6"), reach=HERE)
        assert len(server.asked) == 12


# -- limits and servers that mean harm ------------------------------------------------------------


def test_a_file_that_says_it_is_too_large_is_refused_before_it_comes(
    layout: Layout, settings: Settings
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"

    def answer(path: str, connection: socket.socket) -> None:
        connection.sendall(head)
        server.ended.wait()  # never sends anything more

    with serving(answer) as server:
        text = refused(layout, settings, server.address("/big.json"))
    assert text.startswith("The file 'big.json' has 1,001 bytes, more than the 1,000 that")


@pytest.mark.parametrize("head", ["Transfer-Encoding: chunked", "X-Length: none"])
def test_a_body_that_never_ends_is_cut_at_the_limit(
    layout: Layout, settings: Settings, head: str
) -> None:
    def answer(path: str, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        while not server.ended.is_set():
            connection.sendall(b"64\r\n" + b"x" * 100 + b"\r\n")

    with serving(answer) as server:
        assert "more bytes than the 1,000" in refused(layout, settings, server.address())


def test_a_file_of_exactly_the_limit_is_taken(layout: Layout, settings: Settings) -> None:
    with serving({"/": reply(b"x" * 1_000), "/more": reply(b"x" * 1_001)}) as server:
        assert fetched(layout, settings, server.address()).upload.bytes == 1_000
        with pytest.raises(SourceRefused):
            bring(layout, settings, server.address("/more"), reach=HERE)


def hang(path: str, connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"x", b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        drip(b"1\r\nx\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        drip(b"x", b"HTTP/1.1 200 OK\r\n\r\n"),
    ],
    ids=["silent", "only 100s", "slow head", "slow body", "slow chunks", "slow without length"],
)
def test_a_server_that_hangs_or_drips_is_cut_off_in_time(
    layout: Layout, settings: Settings, answer: Any
) -> None:
    with serving(answer) as server:
        text = unavailable(layout, settings, server.address(), replace(HERE, seconds=0.3))
    assert text == ("127.0.0.1 did not send the file within 0.3 seconds (MIGRATION_FETCH_SECONDS).")


def test_a_server_that_never_finishes_the_handshake_is_cut_off_in_time(
    layout: Layout, settings: Settings, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # accepts, and says nothing
        source = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        text = unavailable(layout, settings, source, replace(HERE, seconds=0.3))
    assert "within 0.3 seconds" in text


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ],
    ids=["short", "short chunk", "bad chunk", "nothing", "no http", "negative", "long head", "two"],
)
def test_an_answer_that_is_not_whole_is_no_file(
    layout: Layout, settings: Settings, answer: bytes
) -> None:
    with serving({"/": answer}) as server:
        text = unavailable(layout, settings, server.address())
    assert text.startswith("127.0.0.1 does not send the file: ")
    assert "\n" not in text


def test_a_port_where_nobody_listens_is_a_sentence(layout: Layout, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "Connection refused" in unavailable(layout, settings, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "410 Gone", "204 None",
                                    "206 Partial Content", "304 Not Modified", "400 Bad"])  # fmt: skip
def test_what_a_server_refuses_is_refused(layout: Layout, settings: Settings, status: str) -> None:
    with serving({"/": reply(status=status)}) as server:
        assert status[:3] in refused(layout, settings, server.address())


@pytest.mark.parametrize("status", ["429 Slow", "500 Broken", "503 Away"])
def test_what_a_server_cannot_do_now_may_go_later(
    layout: Layout, settings: Settings, status: str
) -> None:
    with serving({"/": reply(status=status)}) as server:
        assert status[:3] in unavailable(layout, settings, server.address())


def test_a_body_that_says_it_is_compressed_is_kept_as_it_came(
    layout: Layout, settings: Settings
) -> None:
    with serving({"/": reply(b"\x1f\x8bbomb", content_encoding="gzip")}) as server:
        brought = fetched(layout, settings, server.address())
        assert "Accept-Encoding: identity" in server.asked[0]
    assert brought.upload.path.read_bytes() == b"\x1f\x8bbomb"


@trying(deadline=None)  # other tests may run beside it
@given(st.text(max_size=80) | st.text("htps3g:/@?#[]%.\\ \n\x00\ud8001é", max_size=40))
@example("https://[::1%25/")
@example("https://\ud800/")
@example("https://a\u2028b/")
@example("//169.254.169.254/")
@example("HTTPS://EXAMPLE.com:443/../../x")
def test_no_text_is_more_than_refused_as_a_source(text: str) -> None:
    settings = Settings(db_path=Path("data"), _env_file=None)
    for source in (text, f"https://{text}", f"https://files.example/{text}", f"s3://{text}"):
        try:
            plain = check_source(source, settings)
        except SourceRefused as refusal:
            told = str(refusal)
        else:
            told = shown_source(plain, settings)
            assert check_source(plain, settings) == plain
        assert "\n" not in told
        assert told.encode()
