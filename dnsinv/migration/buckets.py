"""Files in object stores: s3:// through AWS's library, gs:// through the same at Google's XML API.

Google's API speaks S3 with an HMAC key, so that one library serves both; AWS's own chain of
credentials is for s3:// alone and never sent to Google. Where the store is, an operator's setting
says, so its address needs no check; proxies of the environment are not used.
"""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dnsinv.domain.text import file_name
from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.migration.coming import BLOCK, Coming
from dnsinv.settings import Settings

log = logging.getLogger(__name__)

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_LONGEST_KEY = 1_024  # bytes
_CONNECT_SECONDS = 10
_IDLE_SECONDS = 30
_NOT_MODIFIED = "304"
_NO_BUCKET = ("NoSuchBucket",)
_NO_KEY = ("NoSuchKey", "404")
_PASSING = ("SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "500", "503")
_CREDENTIALS = {
    "s3": (
        "s3:// uses AWS's own chain of credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "
        "the environment, ~/.aws, or the role of the machine"
    ),
    "gs": "gs:// uses the HMAC key in GCS_ACCESS_KEY and GCS_SECRET_KEY",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One object: scheme ("s3" or "gs"), bucket and key."""

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.key}"


def to_place(text: str) -> Place:
    """The object that an address such as s3://bucket/folder/file.json names.

    Raises:
        SourceRefused: it names none.
    """
    scheme, _, rest = text.partition("://")
    bucket, _, key = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):  # which is not repeated: it may be a credential
        raise SourceRefused(
            f"The address names no bucket: write {scheme}://bucket/folder/file.json (the name of "
            "the bucket alone; credentials are settings)."
        )
    if not key.isprintable() or key[-1:] in ("", "/") or len(key.encode()) > _LONGEST_KEY:
        raise SourceRefused(f"{text[:100]!a} names no file in the bucket {bucket}.")
    return Place(scheme, bucket, key)


@contextmanager
def open_object(place: Place, settings: Settings, unless: str = "") -> Iterator[Coming | None]:
    """The object; None where the store says that it is as it was.

    Args:
        unless: its stamp when it was fetched before.

    Raises:
        SourceRefused: there is no such bucket or object, or it may not be read, or the library is
            not installed.
        SourceUnavailable: no answer, a fault of the store, too slow, cut off (the blocks too).
    """
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise SourceRefused(
            f"{place.scheme}:// needs the package boto3, which is not installed: "
            "pip install 'dnsinv[s3]'."
        ) from None
    condition = {"IfNoneMatch": unless} if unless else {}
    with ExitStack() as until_read:
        try:
            client = until_read.enter_context(closing(_client(place.scheme, settings)))
            answer = client.get_object(Bucket=place.bucket, Key=place.key, **condition)
        except ClientError as error:
            if unless and _code(error) == _NOT_MODIFIED:
                yield None
                return
            raise _refusal(place, error) from error
        except BotoCoreError as error:
            raise _trouble(place, error) from error
        log.info("fetching address=%s", place)
        blocks = until_read.enter_context(_limited(answer["Body"], place, settings))
        yield Coming(file_name(place.key), answer["ETag"], answer["ContentLength"], blocks)


def _client(scheme: str, settings: Settings) -> Any:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    options: dict[str, Any] = {
        "proxies": {},
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _IDLE_SECONDS,
        "retries": {"total_max_attempts": 1},  # a schedule tries again, and nobody waits here
        # Compatible stores know no checksums of AWS's.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    if scheme == "s3":
        endpoint = settings.s3_endpoint_url or None
        if endpoint:  # buckets of other stores are seldom names of hosts
            options["s3"] = {"addressing_style": "path"}
        return boto3.session.Session().client("s3", endpoint_url=endpoint, config=Config(**options))
    secret = settings.gcs_secret_key.get_secret_value()
    if not (settings.gcs_access_key and secret):
        options["signature_version"] = UNSIGNED
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.gcs_endpoint_url,
        region_name="auto",
        # Without a key these are not used, and keep the library from looking for AWS's.
        aws_access_key_id=settings.gcs_access_key or "none",
        aws_secret_access_key=secret or "none",
        config=Config(**options, s3={"addressing_style": "path"}),
    )


@contextmanager
def _limited(body: Any, place: Place, settings: Settings) -> Iterator[Iterator[bytes]]:
    """The blocks of a body, which is cut when its time is over."""
    is_over = threading.Event()
    with body as stream:

        def cut() -> None:
            is_over.set()
            with suppress(ValueError, OSError):  # it is closed already
                stream.shutdown()

        timer = threading.Timer(settings.migration_fetch_seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield _blocks(body, place, settings, is_over)
        finally:
            timer.cancel()


def _blocks(
    body: Any, place: Place, settings: Settings, is_over: threading.Event
) -> Iterator[bytes]:
    from botocore.exceptions import BotoCoreError

    trouble: Exception | None = None
    try:
        yield from body.iter_chunks(BLOCK)
    except (BotoCoreError, OSError) as error:
        trouble = error
    if is_over.is_set():
        raise SourceUnavailable(
            f"{place} did not come within {settings.migration_fetch_seconds:g} seconds "
            "(MIGRATION_FETCH_SECONDS)."
        ) from trouble
    if trouble is not None:
        raise SourceUnavailable(f"{place} was cut off: {_text(trouble)}.") from trouble


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _refusal(place: Place, error: Any) -> Exception:
    code = _code(error)
    if code in _NO_BUCKET:
        return SourceRefused(f"There is no bucket {place.bucket} ({place}).")
    if code in _NO_KEY:
        return SourceRefused(f"There is no {place.key!r} in the bucket {place.bucket}.")
    if code in _PASSING:
        return SourceUnavailable(f"{place} cannot be fetched now: the store answers {code}.")
    return SourceRefused(
        f"{place} may not be read, or is not there: the store answers {code or 'no reason'}; "
        f"{_CREDENTIALS[place.scheme]}."
    )


def _trouble(place: Place, error: Exception) -> Exception:
    from botocore.exceptions import (
        ConnectionError as NoConnection,
    )
    from botocore.exceptions import (
        HTTPClientError,
    )

    if isinstance(error, (NoConnection, HTTPClientError)):
        return SourceUnavailable(f"The store of {place} gives no answer: {_text(error)}.")
    return SourceRefused(f"{place} cannot be read: {_text(error)}; {_CREDENTIALS[place.scheme]}.")


def _text(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300]
