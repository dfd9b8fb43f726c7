import math
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.errors import AccessDenied, BadSetting, MalformedReply, ProviderUnavailable
from dnsinv.http import STOPPING, Api, Limiter, Patience, Rate, interruptible
from dnsinv.http_window import Sent
from tests.core.fakes_http import PLENTY, START, FakeTime, Handler, reply

HINT = 42


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def limiter(rate: Rate, time: FakeTime, state: Path | None = None) -> Limiter:
    return Limiter(rate, state, time.clock, time.sleep)


def api(handler: Handler, time: FakeTime, **more: Any) -> Api:
    limit = more.pop("limiter", None) or limiter(PLENTY, time)
    return Api(
        "https://api.example.com/v9",
        "Bearer a-token-for-the-tests",
        lambda _path: limit,
        lambda status, body: AccessDenied(f"refused with {status}: {body}"),
        wire=more.pop("wire", None) or httpx.MockTransport(handler),
        sleep=time.sleep,
        clock=time.clock,
        **more,
    )


def answers(*replies: httpx.Response | Exception) -> Handler:
    """Give one reply after the other; the last one again and again."""
    left = list(replies)

    def handler(_request: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    return handler


def passed(limit: Limiter, requests: int) -> int:
    """How many of so many requests may be sent now."""
    return sum(isinstance(limit.take(), Sent) for _ in range(requests))


# The rate limit


def test_a_burst_up_to_the_limit_passes_at_once(time: FakeTime) -> None:
    limit = limiter(Rate(1200, 300), time)

    for _ in range(1200):
        limit.acquire()

    assert time.slept == []
    assert limit.remaining() == 0


def test_one_request_more_waits_until_the_window_and_a_margin_are_over(time: FakeTime) -> None:
    limit = limiter(Rate(3, 60), time)
    for _ in range(3):
        limit.acquire()

    limit.acquire()

    assert time.now - START == pytest.approx(61)
    assert limit.remaining() == 2


def test_the_margin_is_at_most_a_fiftieth_of_the_window(time: FakeTime) -> None:
    limit = limiter(Rate(1, 2), time)
    limit.acquire()

    assert limit.take() == pytest.approx(2.04)


def test_a_request_that_was_under_way_for_longer_counts_from_when_it_may_have_arrived(
    time: FakeTime, tmp_path: Path
) -> None:
    limit = limiter(Rate(2, 1), time, tmp_path / "state")
    quick, slow = limit.acquire(), limit.acquire()
    limit.answered(quick, time.now + 0.1)
    limit.answered(slow, time.now + 0.3)

    time.now += 1.1
    other = limiter(Rate(2, 1), time, tmp_path / "state")

    assert isinstance(other.take(), Sent)
    assert other.take() == pytest.approx(1.02 + 0.2 - 1.1, abs=1e-4)


def test_a_slow_answer_holds_the_window_open_for_a_quarter_of_it_at_most(time: FakeTime) -> None:
    limit = limiter(Rate(2, 2), time)
    quick, slow = limit.acquire(), limit.acquire()
    limit.answered(quick, time.now + 0.1)
    limit.answered(slow, time.now + 30)
    limit.acquire()

    assert limit.take() == pytest.approx(0.5, abs=1e-4)


def test_an_answer_after_its_slot_was_used_again_changes_nothing(time: FakeTime) -> None:
    limit = limiter(Rate(1, 1), time)
    first = limit.acquire()
    limit.answered(first, time.now + 0.1)
    time.now += 1.02
    second = limit.acquire()

    limit.answered(first, time.now)

    assert limit.take() == pytest.approx(1.02)
    limit.answered(second, time.now + 0.1)
    assert limit.take() == pytest.approx(1.02)


@settings(max_examples=40, deadline=None)
@given(
    requests=st.integers(1, 6),
    seconds=st.floats(0.5, 100),
    pauses=st.lists(st.floats(0, 60), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_than_the_rate_allows(
    requests: int, seconds: float, pauses: list[float]
) -> None:
    time = FakeTime()
    limit = limiter(Rate(requests, seconds), time)
    sent = []
    for pause in pauses:
        time.now += pause
        limit.acquire()
        sent.append(time.now)

    for first in sent:
        assert sum(first <= moment < first + seconds for moment in sent) <= requests


def test_threads_share_one_budget(time: FakeTime) -> None:
    limit = limiter(Rate(100, 60), time)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: limit.take(), range(400)))

    assert sum(isinstance(each, Sent) for each in taken) == 100


def test_processes_share_one_budget(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "credential.rate"
    program = textwrap.dedent(f"""
        from pathlib import Path
        from dnsinv.http_limit import Limiter, Rate
        from dnsinv.http_window import Sent
        limit = Limiter(Rate(100, 3600), Path({str(state)!r}))
        print(sum(isinstance(limit.take(), Sent) for _ in range(80)))
    """)
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)
    ]

    passed = [int(process.communicate()[0]) for process in running]

    assert sum(passed) == 100


def test_a_restarted_process_remembers_what_was_sent(time: FakeTime, tmp_path: Path) -> None:
    limiter(Rate(1, 60), time, tmp_path / "state").acquire()

    assert limiter(Rate(1, 60), time, tmp_path / "state").take() == pytest.approx(61)


@pytest.mark.parametrize(
    "content", [b"", b"torn", b"\x00" * 24, b"dnsinvR1" + b"\xff" * 40, b"{}" * 5000]
)
def test_a_torn_or_foreign_state_file_is_begun_anew(
    time: FakeTime, tmp_path: Path, content: Any
) -> None:
    state = tmp_path / "state"
    state.write_bytes(content)
    limit = limiter(Rate(2, 60), time, state)

    assert passed(limit, 3) == 2


def test_a_cut_off_state_file_is_begun_anew(time: FakeTime, tmp_path: Path) -> None:
    state = tmp_path / "state"
    limit = limiter(Rate(2, 60), time, state)
    limit.acquire()
    state.write_bytes(state.read_bytes()[:-3])

    assert passed(limit, 3) == 2


def test_a_state_file_that_is_deleted_meanwhile_is_made_again(
    time: FakeTime, tmp_path: Path
) -> None:
    limit = limiter(Rate(1, 60), time, tmp_path / "state")
    limit.acquire()
    (tmp_path / "state").unlink()

    assert passed(limit, 2) == 1


def test_a_larger_rate_takes_the_log_over(time: FakeTime, tmp_path: Path) -> None:
    small = limiter(Rate(3, 60), time, tmp_path / "state")
    for _ in range(5):
        small.acquire()
        time.now += 20

    large = limiter(Rate(10, 60), time, tmp_path / "state")

    assert large.remaining() == 8  # two of the five lie within the last 61 seconds
    assert passed(large, 9) == 8
    assert passed(small, 1) == 0


def test_a_state_file_that_cannot_be_used_is_a_clear_error(time: FakeTime, tmp_path: Path) -> None:
    limit = limiter(Rate(1, 60), time, tmp_path)

    with pytest.raises(ProviderUnavailable, match=r"The rate limit cannot be kept in .*directory"):
        limit.acquire()


def test_stamps_of_a_clock_that_was_set_back_are_ignored(time: FakeTime) -> None:
    limit = limiter(Rate(1, 60), time)
    limit.acquire()
    limit.pause(100)
    time.now -= 86_400

    assert passed(limit, 1) == 1
    assert limit.take() == pytest.approx(61)


def test_a_clock_that_jumps_ahead_frees_the_budget(time: FakeTime) -> None:
    limit = limiter(Rate(1, 60), time)
    limit.acquire()
    time.now += 86_400

    assert passed(limit, 1) == 1


def test_a_pause_holds_for_everybody_with_the_credential(time: FakeTime, tmp_path: Path) -> None:
    one, other = (limiter(Rate(9, 60), time, tmp_path / "state") for _ in range(2))
    one.pause(30)
    one.pause(10)

    assert other.remaining() == 0
    other.acquire()

    assert time.now - START == pytest.approx(30)


def test_a_pause_beyond_patience_is_an_error_and_not_a_wait(time: FakeTime) -> None:
    limit = limiter(Rate(9, 60), time)
    limit.pause(31)

    with pytest.raises(ProviderUnavailable, match="31 s") as refused:
        limit.acquire(patience=30)
    assert refused.value.code == "429"
    assert time.slept == []


@pytest.mark.parametrize(("requests", "seconds"), [(0, 60), (-1, 60), (1, 0), (1, math.inf)])
def test_a_rate_that_allows_nothing_is_refused(requests: int, seconds: float) -> None:
    with pytest.raises(BadSetting):
        Rate(requests, seconds)


# Retries


def test_what_passes_is_tried_again_with_full_jitter(time: FakeTime) -> None:
    failing = api(answers(reply({}, 500)), time, patience=Patience(attempts=9))

    with pytest.raises(
        ProviderUnavailable, match=r"api.example.com answers /v9/things with"
    ) as gone:
        failing.get("/things")

    assert gone.value.code == "500"
    assert failing.requests == 9
    assert len(time.slept) == 8
    for attempt, wait in enumerate(time.slept):
        assert 0 <= wait <= min(30, 2**attempt)
    assert len(set(time.slept)) == 8


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504, 522])
def test_a_status_that_passes_does_no_harm(time: FakeTime, status: int) -> None:
    client = api(answers(reply({}, status), reply({"it": "works"})), time)

    assert client.get("/things") == {"it": "works"}
    assert client.requests == 2


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("incomplete"),
        httpx.DecodingError("broken gzip"),
    ],
)
def test_a_connection_that_fails_is_tried_again_and_then_named(time: FakeTime, error: Any) -> None:
    assert api(answers(error, reply([1])), time).get("/things") == [1]

    with pytest.raises(ProviderUnavailable, match=f"no answer: {type(error).__name__}, {error}"):
        api(answers(error), time).get("/things")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_explained_and_not_tried_again(time: FakeTime, status: int) -> None:
    client = api(answers(reply({"why": "no"}, status)), time)

    with pytest.raises(AccessDenied, match=f"refused with {status}: {{'why': 'no'}}"):
        client.get("/things")
    assert client.requests == 1


def test_in_a_hurry_nothing_is_waited_for(time: FakeTime) -> None:
    limit = limiter(Rate(1, 60), time)
    client = api(answers(reply({}, 500)), time, limiter=limit)

    for code in ("500", "429"):  # first the server's trouble, then our own limit
        with pytest.raises(ProviderUnavailable) as refused:
            client.get("/things", hurry=True)
        assert refused.value.code == code
    assert client.requests == 1
    assert time.slept == []


# Hints


def http_date(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)


HINTS = {
    "seconds": ({"Retry-After": str(HINT)}, {}),
    "date": ({"Retry-After": http_date(START + HINT)}, {}),
    "body": ({}, {"code": "TOO_MANY_REQUESTS", "retryAfterSec": HINT}),
    "draft": ({"Ratelimit": f'"default";r=0;t={HINT}, "burst";r=5;t=900'}, {}),
    "reset in seconds": ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(HINT)}, {}),
    "reset at": ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + HINT)}, {}),
    "reset date": (
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": http_date(START + HINT)},
        {},
    ),
    "the longest of all": ({"Retry-After": "3"}, {"retryAfterSec": HINT}),
}


@pytest.mark.parametrize(("headers", "body"), HINTS.values(), ids=HINTS)
def test_a_hint_of_any_kind_is_waited_for(
    time: FakeTime, headers: dict[str, str], body: Any
) -> None:
    client = api(answers(reply(body, 429, headers), reply([])), time)

    client.get("/things")

    assert HINT <= time.now - START < HINT + 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "soon"},
        {"Retry-After": "-7"},
        {"Retry-After": "nan"},
        {"Retry-After": "inf"},
        {"Retry-After": "Mon, 99 Foo 9999 99:99:99 GMT"},
        {"Ratelimit": "r=0"},
        {"Ratelimit": ";r=0;t=x,,;"},
        {"X-RateLimit-Remaining": "0"},
    ],
)
def test_a_hint_that_says_nothing_leaves_the_usual_backoff(
    time: FakeTime, headers: dict[str, str]
) -> None:
    client = api(answers(reply("no object", 429, headers), reply([])), time)

    client.get("/things")

    assert 1 <= time.now - START <= 2


def test_a_hint_beyond_patience_ends_it_for_every_request(time: FakeTime) -> None:
    sent = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return reply({}, 429, {"Retry-After": "900"})

    client = api(handler, time)

    for _ in range(3):
        with pytest.raises(ProviderUnavailable) as refused:
            client.get("/things")
        assert refused.value.code == "429"
    assert sent == ["/v9/things"]
    assert time.now - START < 30


def test_the_end_of_a_budget_that_others_spent_is_heeded(time: FakeTime) -> None:
    last = reply([], 200, {"Ratelimit": '"default";r=0;t=30'})
    limit = limiter(Rate(100, 60), time)
    client = api(answers(last), time, limiter=limit)

    client.get("/things")

    assert limit.paused() == 30


def test_the_end_of_our_own_budget_is_left_to_our_own_finer_log(time: FakeTime) -> None:
    last = reply([], 200, {"Ratelimit": '"default";r=0;t=2'})
    limit = limiter(Rate(3, 1), time)
    client = api(answers(reply([]), reply([]), last), time, limiter=limit)

    for _ in range(3):
        client.get("/things")

    assert limit.paused() == 0


# The wire


class Drip(httpx.SyncByteStream):
    def __init__(self, time: FakeTime) -> None:
        self.time = time
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(1000):
            self.time.now += 29
            yield b" "

    def close(self) -> None:
        self.is_closed = True


def test_a_body_that_drips_is_given_up(time: FakeTime) -> None:
    drips: list[Drip] = []

    def handler(_request: httpx.Request) -> httpx.Response:
        drips.append(Drip(time))
        return httpx.Response(200, stream=drips[-1])

    client = api(handler, time, ticks=time.clock, patience=Patience(attempts=2))

    with pytest.raises(ProviderUnavailable, match="too slowly"):
        client.get("/things")
    assert [drip.is_closed for drip in drips] == [True, True]
    assert time.now - START < 2 * 150 + 10


@pytest.fixture
def loopback() -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers each connection with the next of a list of raw replies."""
    server = socket.create_server(("127.0.0.1", 0))
    replies: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(replies.pop(0))

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", replies
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def wired(url: str, time: FakeTime, **more: Any) -> Api:
    return Api(
        url,
        "Bearer a-token-for-the-tests",
        lambda _path: limiter(PLENTY, time),
        lambda status, body: AccessDenied(f"refused with {status}: {body}"),
        sleep=time.sleep,
        clock=time.clock,
        **more,
    )


def test_a_connection_that_breaks_in_the_middle_of_a_body_is_tried_again(
    time: FakeTime, loopback: tuple[str, list[bytes]]
) -> None:
    url, replies = loopback
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    replies += [head + b'["ha', b"", head + b'["whole"]']
    client = wired(url, time)

    assert client.get("/things") == ["whole"]
    assert client.requests == 3
    client.close()


def test_a_server_that_is_not_there_is_unavailable(time: FakeTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    client = wired(url, time)

    with pytest.raises(ProviderUnavailable, match=r"127.0.0.1 gives no answer: ConnectError"):
        client.get("/things")
    client.close()


def test_no_more_than_eight_requests_are_under_way(time: FakeTime) -> None:
    lock, full, go = threading.Lock(), threading.Event(), threading.Event()
    under_way: list[int] = []
    peak: list[int] = []

    def handler(_request: httpx.Request) -> httpx.Response:
        with lock:
            under_way.append(1)
            peak.append(len(under_way))
            if len(under_way) == 8:
                full.set()
        go.wait(30)
        with lock:
            under_way.pop()
        return reply([])

    client = api(handler, time)
    with ThreadPoolExecutor(24) as pool:
        replies = [pool.submit(client.get, "/things") for _ in range(24)]
        assert full.wait(30)
        go.set()
        assert [one.result() for one in replies] == [[]] * 24

    assert max(peak) == 8
    assert client.requests == 24


# Stopping


def test_a_stopped_client_sends_nothing(time: FakeTime) -> None:
    stopping = threading.Event()
    stopping.set()
    client = api(answers(reply([])), time, stopping=stopping)

    with pytest.raises(ProviderUnavailable) as stopped:
        client.get("/things")
    assert stopped.value.code == STOPPING
    assert client.requests == 0


def test_stopping_ends_a_long_wait_at_once() -> None:
    stopping = threading.Event()

    def handler(_request: httpx.Request) -> httpx.Response:
        stopping.set()
        return reply({}, 429, {"Retry-After": "300"})

    limit = Limiter(PLENTY, sleep=interruptible(stopping))
    client = Api(
        "https://api.example.com",
        "Bearer a-token-for-the-tests",
        lambda _path: limit,
        lambda _status, _body: AccessDenied("refused"),
        wire=httpx.MockTransport(handler),
        stopping=stopping,
    )

    with pytest.raises(ProviderUnavailable) as stopped:
        client.get("/things")
    assert stopped.value.code == STOPPING
    assert client.requests == 1


# Replies


@pytest.mark.parametrize(
    "content", [b"", b"<html>maintenance</html>", b'{"cut": "of', b"\xff\xfe\x00", b"[" * 100_000]
)
def test_a_reply_that_is_not_json_is_malformed(time: FakeTime, content: Any) -> None:
    with pytest.raises(MalformedReply, match=r"api.example.com answers /v9/things with"):
        api(lambda _request: httpx.Response(200, content=content), time).get("/things")


@pytest.mark.parametrize("status", [202, 204, 206, 301, 302, 307])
def test_neither_redirects_nor_partial_answers_are_taken(time: FakeTime, status: int) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return reply([], status, {"Location": "https://elsewhere.example.net/"})

    with pytest.raises(MalformedReply, match=f"with status {status} instead of data"):
        api(handler, time).get("/things")
    assert asked == ["api.example.com"]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/v9/more?cursor=2", "https://api.example.com/v9/more?cursor=2"),
        ("?cursor=2", "https://api.example.com/v9/things?cursor=2"),
        ("more", "https://api.example.com/v9/more"),
        ("https://api.example.com:443/x", "https://api.example.com/x"),
    ],
)
def test_links_are_resolved(time: FakeTime, href: str, url: str) -> None:
    client = api(lambda request: reply(str(request.url)), time)

    assert client.resolve("/things?cursor=1", href) == url
    assert client.get(client.resolve("/things?cursor=1", href)) == url


@pytest.mark.parametrize(
    "href",
    [
        "https://elsewhere.example.net/v9/things",
        "http://api.example.com/v9/things",
        "https://api.example.com:8443/v9/things",
        "//elsewhere.example.net/x",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_the_credential_never_follows_a_link_to_another_origin(time: FakeTime, href: str) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return reply([])

    client = api(handler, time)
    with pytest.raises(MalformedReply):
        client.resolve("/things", href)
    with pytest.raises((MalformedReply, httpx.InvalidURL)):
        client.get(href if "://" in href else f"https:{href}")
    assert asked == []
