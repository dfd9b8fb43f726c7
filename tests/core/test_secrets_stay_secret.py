"""Neither credentials nor what GoDaddy tells beside a domain may be read from errors, logs or files.

Requests go over a real connection, so that the HTTP libraries log what they log.
"""

import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.errors import BadSetting, DnsinvError
from dnsinv.http import Patience
from dnsinv.providers import godaddy_v1, godaddy_v3
from dnsinv.providers.fields import Row
from dnsinv.providers.provider import Provider
from dnsinv.providers.registry import open_provider
from tests.core.fakes_http import PLENTY, FakeTime

TOKEN = "tOkEn-4f1c0ffee5e7"
KEY = "kEy-0badc0de1234"
SECRET = "sEcReT-9f8e7d6c5b"
AUTH_CODE = "aUtHcOdE-transfer-77"
PERSON = "registrant.person@example.org"
NEVER_SEEN = [TOKEN, KEY, SECRET, AUTH_CODE, PERSON]

ACCOUNTS: dict[str, dict[str, Any]] = {
    "cloudflare": {"provider": "cloudflare", "token": TOKEN},
    "godaddy v1": {"provider": "godaddy", "key": KEY, "secret": SECRET},
    "godaddy v3": {"provider": "godaddy", "token": TOKEN},
}
DOMAIN = Domain("example.com", Lifecycle.ACTIVE, "ACTIVE", provider_id="z1")

# What a server may say: what it was told, which takes this place, and more than it should.
GOSSIP = "<the Authorization header>"
PRIVATE = {"authCode": AUTH_CODE, "contactAdmin": {"email": PERSON}, "contacts": [PERSON]}
ROW: Row = {"domain": "example.com", "domainId": 1, "status": "ACTIVE", **PRIVATE}
ERROR = {
    "code": "X",
    "name": "X",
    "message": f"bad credential {GOSSIP}",
    "success": False,
    "errors": [{"code": 1, "message": f"bad credential {GOSSIP}"}],
}
REPLIES: dict[str, tuple[int, bytes]] = {
    "refused": (401, json.dumps(ERROR).encode()),
    "denied": (403, json.dumps(ERROR).encode()),
    "not found": (404, json.dumps(ERROR).encode()),
    "invalid": (422, json.dumps(ERROR).encode()),
    "limited": (429, json.dumps({**ERROR, "retryAfterSec": 9999}).encode()),
    "broken": (500, json.dumps(ERROR).encode()),
    "no success": (200, json.dumps(ERROR).encode()),
    "no json": (200, json.dumps(ROW).encode()[:-5]),
    "wrong shape": (200, json.dumps({"result": ROW, "items": ROW, "links": ROW}).encode()),
    "a row without a name": (
        200,
        json.dumps([{k: v for k, v in ROW.items() if k != "domain"}]).encode(),
    ),
    "a row of a wrong type": (200, json.dumps([{**ROW, "status": [AUTH_CODE]}]).encode()),
    "the row twice": (200, json.dumps([ROW, ROW]).encode()),
    "cut off": (-1, json.dumps([ROW]).encode()),
    "no answer": (-2, b""),
    "elsewhere": (302, b""),
}
CALLS: dict[str, Callable[[Provider], object]] = {
    "list": lambda provider: provider.list_domains(),
    "read": lambda provider: provider.read_zone(DOMAIN),
    "ask": lambda provider: provider.still_listed(DOMAIN),
    "diagnose": lambda provider: provider.diagnose(),
}


class Server(ThreadingHTTPServer):
    reply: tuple[int, bytes] = (200, b"")
    seen: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        status, body = self.server.reply
        self.server.seen.append(self.headers["Authorization"])
        body = body.replace(GOSSIP.encode(), self.server.seen[-1].encode())
        self.close_connection = True
        if status == -2:
            return
        self.send_response(200 if status < 0 else status)
        self.send_header("Content-Length", str(len(body) + (status < 0)))
        self.send_header("Location", "http://elsewhere.example.net/")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """Say nothing on stderr."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.seen = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("", "httpx", "httpcore", "dnsinv"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def opened(kind: str, server: Server, **more: Any) -> Provider:
    time = FakeTime()
    return open_provider(
        **ACCOUNTS[kind],
        base_url=f"http://127.0.0.1:{server.server_port}",
        patience=Patience(attempts=2),
        rate=PLENTY,
        sleep=time.sleep,
        clock=time.clock,
        **more,
    )


def told(error: BaseException) -> str:
    """All that a crash report could show of an error, of its causes and of their attributes."""
    texts = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        texts += [repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return "\n".join(texts)


def assert_silent(text: str) -> None:
    assert [word for word in NEVER_SEEN if word in text] == []


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("reply", REPLIES)
def test_no_failure_tells_a_secret(
    kind: str, reply: str, server: Server, logs: pytest.LogCaptureFixture
) -> None:
    server.reply = REPLIES[reply]
    server.seen.clear()
    provider = opened(kind, server)

    for call in CALLS.values():
        try:
            assert_silent(repr(call(provider)))
        except DnsinvError as error:
            assert_silent(told(error))
    provider.close()

    assert server.seen, "the test must have asked something"
    assert all(TOKEN in seen or f"{KEY}:{SECRET}" in seen for seen in server.seen)
    assert "send_request_headers.complete" in logs.text, "the wire must have been logged"
    assert_silent(logs.text)


def test_a_server_that_is_not_there_leaves_no_trace_of_the_credential(
    logs: pytest.LogCaptureFixture,
) -> None:
    with Server(("127.0.0.1", 0), Handler) as gone:
        pass
    for kind in ACCOUNTS:
        provider = opened(kind, gone)
        with pytest.raises(DnsinvError) as failed:
            provider.list_domains()
        provider.close()
        assert_silent(told(failed.value))
    assert_silent(logs.text)


@pytest.mark.parametrize("to_domain", [godaddy_v1.to_domain, godaddy_v3.to_domain])
def test_what_a_domain_keeps_holds_no_transfer_code_and_no_person(
    to_domain: Callable[[Row], Domain],
) -> None:
    domain = to_domain(ROW)

    assert domain == Domain("example.com", Lifecycle.ACTIVE, "ACTIVE")
    assert_silent(repr(domain))


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_neither_the_provider_nor_its_state_files_show_the_credential(
    kind: str, server: Server, tmp_path: Path
) -> None:
    server.reply = (500, b"")
    provider = opened(kind, server, state_dir=tmp_path)
    with pytest.raises(DnsinvError):
        provider.list_domains()
    provider.close()

    files = list(tmp_path.iterdir())
    assert files
    for file in files:
        assert_silent(file.name)
        assert_silent(file.read_bytes().decode("latin-1"))
        assert file.stat().st_mode & 0o077 == 0
    assert_silent(repr(provider) + repr(vars(provider)))


@pytest.mark.parametrize("ending", [" x", "\n\x00", "é", "\x7f"])
def test_a_credential_that_no_header_can_hold_is_refused_without_showing_it(ending: str) -> None:
    with pytest.raises(BadSetting) as refused:
        open_provider(provider="cloudflare", token=TOKEN + ending)
    assert_silent(told(refused.value))


def test_a_base_url_with_a_credential_is_refused_without_showing_it() -> None:
    for url in (f"https://me:{TOKEN}@host.example", f"https://me:{TOKEN}@host.example:port"):
        with pytest.raises(BadSetting) as refused:
            open_provider(provider="cloudflare", token=TOKEN, base_url=url)
        assert_silent(told(refused.value))
