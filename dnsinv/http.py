"""The HTTP client of the providers, and the only place of the product that waits.

    Api.get -> retries -> connection slot and rate limit -> whole body within a deadline -> wire

It reads JSON and knows no provider: what a refusal means comes in as `explain`. Every attempt
counts against the rate limit, so the limit is inside the retries.
"""

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import tenacity

from dnsinv.errors import MalformedReply, ProviderError, ProviderUnavailable
from dnsinv.http_hints import PASSING_STATUSES, asked_wait
from dnsinv.http_limit import Clock, Limiter, Rate, Sleep
from dnsinv.http_window import Sent

__all__ = [
    "STOPPING",
    "Api",
    "Clock",
    "Explain",
    "Limiter",
    "Patience",
    "Rate",
    "Sleep",
    "interruptible",
]

log = logging.getLogger(__name__)

STOPPING = "stopping"
"""Code of the ProviderUnavailable that ends every wait when the program is told to stop."""

_SHORTEST_SECRET = 8  # characters; anything shorter is part of ordinary words
_HURRY = "dnsinv_hurry"  # request extension: one attempt, no waiting

_PASSING_ERRORS = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
    httpx.DecodingError,
)

Explain = Callable[[int, Any], ProviderError]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often an API is waited for before it counts as unavailable."""

    attempts: int = 5
    backoff_seconds: float = 1.0  # waits are random up to this, doubled after every attempt ...
    backoff_cap_seconds: float = 30.0  # ... but not beyond this
    hint_seconds: float = 330.0  # the longest pause a provider may ask; Cloudflare's is 5 minutes
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    attempt_seconds: float = 120.0  # for a whole body, however it drips
    connections: int = 8


def interruptible(stopping: threading.Event) -> Sleep:
    """A sleep that `stopping` ends at once.

    Raises (the sleep):
        ProviderUnavailable: told to stop, before or while sleeping; its code is STOPPING.
    """

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise _told_to_stop()

    return sleep


class Api:
    """One account's API: GET a path, get JSON or one of the project's errors. Thread-safe.

    `limiter_for` gives the limiter of a path. `explain` turns a refusal (its status, and its body
    if that is JSON, else None) into the error to raise. No error text or cause holds any of
    `secrets` or a request. Redirects are not followed: a credential stays with its host.
    """

    def __init__(
        self,
        base_url: str,
        authorization: str,
        limiter_for: Callable[[str], Limiter],
        explain: Explain,
        *,
        secrets: Sequence[str] = (),
        patience: Patience | None = None,
        wire: httpx.BaseTransport | None = None,
        stopping: threading.Event | None = None,
        sleep: Sleep | None = None,
        clock: Clock = time.time,
        ticks: Clock = time.monotonic,
    ) -> None:
        patience = patience or Patience()
        stopping = stopping or threading.Event()
        self._base_url = base_url.rstrip("/")
        self._origin = _origin(httpx.URL(self._base_url))
        self._limiter_for = limiter_for
        self._explain = explain
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        self._paced = _Paced(
            wire or _wire(patience), limiter_for, patience, stopping, clock=clock, ticks=ticks
        )
        self._client = httpx.Client(
            transport=_Retrying(self._paced, patience, sleep or interruptible(stopping)),
            headers={
                "Authorization": authorization,
                "Accept": "application/json",
                "User-Agent": "dnsinv",
            },
            timeout=httpx.Timeout(
                patience.read_seconds, connect=patience.connect_seconds, pool=None
            ),
            follow_redirects=False,
        )

    @property
    def host(self) -> str:
        """The host that is asked, for error texts."""
        return self._origin[1]

    @property
    def requests(self) -> int:
        """Requests sent so far, retries included."""
        return self._paced.requests

    def remaining(self, path: str) -> int:
        """How many requests for `path` its rate limit would let pass right now."""
        return self._limiter_for(path).remaining()

    def get(
        self, path: str, params: Mapping[str, str | int] | None = None, *, hurry: bool = False
    ) -> Any:
        """The JSON of the reply to GET `path`, or to GET of a URL that `resolve` gave.

        In a `hurry` there is one attempt only, and no wait for the rate limit.

        Raises:
            ProviderUnavailable: 409, 429, 5xx or no answer at the last attempt, or a pause beyond
                patience. Its code is the status ("429" for the pause), "" without an answer, or
                STOPPING.
            MalformedReply: not JSON, a redirect, or another host's URL.
            ProviderError: what `explain` made of the refusal.
        """
        request = self._request(path, params, hurry=hurry)
        response = self._answer(request)
        status = response.status_code
        if status == httpx.codes.OK:
            return self._data(response)
        if status < httpx.codes.BAD_REQUEST:
            raise MalformedReply(
                f"{self.host} answers {request.url.path} with status {status} instead of data."
            )
        refusal = self._explain(status, self._error_body(response))
        if status in PASSING_STATUSES:
            raise ProviderUnavailable(
                f"{self.host} answers {request.url.path} with status {status}: {refusal}",
                code=str(status),
            )
        raise refusal

    def refusal_in(self, reply: Any) -> ProviderError:
        """What `explain` makes of a reply that says with status 200 that it is a refusal."""
        return self._explain(httpx.codes.OK, json.loads(self._without_secrets(json.dumps(reply))))

    def resolve(self, path: str, href: str) -> str:
        """The URL of a link, relative or absolute, that stands in the reply to GET `path`.

        Raises:
            MalformedReply: not a URL, or one of another host.
        """
        try:
            url = httpx.URL(self._whole(path)).join(href)
        except httpx.InvalidURL as trouble:
            raise MalformedReply(f"{self.host} links to {href[:80]!r}: {trouble}.") from trouble
        self._refuse_other_origin(url)
        return str(url)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _whole(self, path: str) -> str:
        return path if "://" in path else f"{self._base_url}{path}"

    def _refuse_other_origin(self, url: httpx.URL) -> None:
        if _origin(url) != self._origin:
            raise MalformedReply(f"{self.host} links to another host: {str(url)[:80]!r}.")

    def _request(
        self, path: str, params: Mapping[str, str | int] | None, *, hurry: bool
    ) -> httpx.Request:
        request = self._client.build_request("GET", self._whole(path), params=params)
        self._refuse_other_origin(request.url)
        request.extensions[_HURRY] = hurry
        return request

    def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request)
        except httpx.HTTPError as error:
            kind, text = type(error).__name__, self._without_secrets(str(error))
        # Raised out here, without its cause: that holds the request and its headers.
        raise ProviderUnavailable(f"{self.host} gives no answer: {kind}, {text or 'no details'}.")

    def _data(self, response: httpx.Response) -> Any:
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            kind = response.headers.get("content-type", "no content type")
        raise MalformedReply(
            f"{self.host} answers {response.url.path} with {len(response.content)} bytes"
            f" of {kind[:80]} that are not JSON."
        )

    def _error_body(self, response: httpx.Response) -> Any:
        try:
            return json.loads(self._without_secrets(response.text))
        except (ValueError, RecursionError):
            return None

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text


class _Retrying(httpx.BaseTransport):
    """Tries again what may pass, after waits with full jitter; gives back the last outcome."""

    def __init__(self, inner: httpx.BaseTransport, patience: Patience, sleep: Sleep) -> None:
        self._inner = inner
        self._patience = patience
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        attempts = 1 if request.extensions[_HURRY] else self._patience.attempts
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(attempts),
            wait=tenacity.wait_random_exponential(
                self._patience.backoff_seconds, self._patience.backoff_cap_seconds
            ),
            retry=tenacity.retry_if_exception_type(_PASSING_ERRORS)
            | tenacity.retry_if_result(lambda reply: reply.status_code in PASSING_STATUSES),
            before_sleep=_log_retry,
            retry_error_callback=_last_outcome,
            sleep=self._sleep,
        )
        return retrying(self._inner.handle_request, request)

    def close(self) -> None:
        self._inner.close()


class _Paced(httpx.BaseTransport):
    """Sends when a connection and the rate limit are free, reads the body, heeds what it hears."""

    def __init__(
        self,
        wire: httpx.BaseTransport,
        limiter_for: Callable[[str], Limiter],
        patience: Patience,
        stopping: threading.Event,
        *,
        clock: Clock,
        ticks: Clock,
    ) -> None:
        self._wire = wire
        self._limiter_for = limiter_for
        self._patience = patience
        self._stopping = stopping
        self._clock = clock
        self._ticks = ticks
        # Taken before the rate limit, so that a counted request leaves at once.
        self._slots = threading.BoundedSemaphore(patience.connections)
        self._counting = threading.Lock()
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        limiter = self._limiter_for(request.url.path)
        with self._slots:
            sent = self._admit(limiter, hurry=request.extensions[_HURRY])
            with self._counting:
                self.requests += 1
            deadline = self._ticks() + self._patience.attempt_seconds
            response = self._wire.handle_request(request)
            heard = self._clock()
            self._read(response, deadline)
        limiter.answered(sent, heard)
        self._heed(limiter, request, response)
        return response

    def close(self) -> None:
        self._wire.close()

    def _admit(self, limiter: Limiter, *, hurry: bool) -> Sent:
        if self._stopping.is_set():
            raise _told_to_stop()
        if not hurry:
            return limiter.acquire(self._patience.hint_seconds)
        taken = limiter.take()
        if not isinstance(taken, Sent):
            raise ProviderUnavailable(
                f"The rate limit lets the next request pass in {taken:.0f} s.", code="429"
            )
        return taken

    def _read(self, response: httpx.Response, deadline: float) -> None:
        """Read the body here, so that one that breaks off is tried again."""
        if response.is_closed:
            return
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Deadlined(response.stream, deadline, self._ticks)
        try:
            response.read()
        finally:
            response.close()

    def _heed(self, limiter: Limiter, request: httpx.Request, response: httpx.Response) -> None:
        wait = asked_wait(response, self._clock())
        if response.status_code not in PASSING_STATUSES:
            # A used up budget that our own log explains is the limiter's business, which is finer
            # than whole seconds; if the log does not explain it, others use the credential too.
            is_explained = wait and limiter.remaining() < limiter.rate.requests / 2
            if is_explained or wait > self._patience.hint_seconds:
                return
        elif response.status_code == httpx.codes.TOO_MANY_REQUESTS and not wait:
            wait = self._patience.backoff_seconds
        if wait:
            log.info("paused host=%s seconds=%.1f", request.url.host, wait)
            limiter.pause(wait)


class _Deadlined(httpx.SyncByteStream):
    """A body that is given up when it is not whole by `deadline`."""

    def __init__(self, body: httpx.SyncByteStream, deadline: float, ticks: Clock) -> None:
        self._body = body
        self._deadline = deadline
        self._ticks = ticks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            if self._ticks() > self._deadline:
                raise httpx.ReadTimeout("the body came too slowly")
            yield chunk

    def close(self) -> None:
        self._body.close()


@cache
def _trust() -> ssl.SSLContext:
    # 25 ms of reading certificates, once per process.
    return httpx.create_ssl_context()


def _wire(patience: Patience) -> httpx.BaseTransport:
    return httpx.HTTPTransport(
        verify=_trust(),
        limits=httpx.Limits(
            max_connections=patience.connections, max_keepalive_connections=patience.connections
        ),
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _told_to_stop() -> ProviderUnavailable:
    return ProviderUnavailable("Stopped before it was done, as told.", code=STOPPING)


def _last_outcome(state: tenacity.RetryCallState) -> Any:
    assert state.outcome is not None
    return state.outcome.result()


def _log_retry(state: tenacity.RetryCallState) -> None:
    assert state.outcome is not None
    trouble = state.outcome.exception()
    log.warning(
        "retry path=%s attempt=%d reason=%s wait=%.1f",
        state.args[0].url.path,
        state.attempt_number,
        type(trouble).__name__ if trouble else state.outcome.result().status_code,
        state.upcoming_sleep,
    )
