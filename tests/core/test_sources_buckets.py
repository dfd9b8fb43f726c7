"""Object stores: moto's server stands for S3 and for Google's XML API, a server of ours for broken ones."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.lake.layout import Layout
from dnsinv.migration.sources import Brought, bring, check_source
from dnsinv.settings import Settings
from tests.core.file_server import drip, reply, serving

FILE = b'[{"domain": "a.example"}]'
BODY = b"<Error><Code>%s</Code><Message>no</Message></Error>"


@pytest.fixture(scope="module")
def store_address() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(store_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A client of the server, with a bucket that has a file; credentials as AWS's chain finds them."""
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-tests")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    requests.post(f"{store_address}/moto-api/reset", timeout=20)
    client = boto3.client("s3", endpoint_url=store_address)
    client.create_bucket(Bucket="legacy-files")
    client.put_object(Bucket="legacy-files", Key="old/my domains.json", Body=FILE)
    yield client
    client.close()


@pytest.fixture
def settings(tmp_path: Path, store_address: str) -> Settings:
    return Settings(
        db_path=tmp_path,
        migration_limit="1KB",
        s3_endpoint_url=store_address,
        gcs_endpoint_url=store_address,
        _env_file=None,
    )


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def fetched(layout: Layout, settings: Settings, source: str, unless: str = "") -> Brought:
    brought = bring(layout, settings, source, unless=unless)
    assert brought is not None
    return brought


def refused(layout: Layout, settings: Settings, source: str, kind: Any = SourceRefused) -> str:
    with pytest.raises(kind) as caught:
        bring(layout, settings, source)
    assert list(layout.uploads.glob("*")) == []
    text = str(caught.value)
    assert "secret-of-the-tests" not in text
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_an_object_comes_whole_with_its_etag(
    layout: Layout, settings: Settings, store: Any
) -> None:
    brought = fetched(layout, settings, "s3://legacy-files/old/my domains.json")
    assert (brought.upload.name, brought.upload.bytes) == ("my domains.json", len(FILE))
    assert brought.upload.path.read_bytes() == FILE
    head = store.head_object(Bucket="legacy-files", Key="old/my domains.json")
    assert brought.stamp == head["ETag"]


def test_an_object_that_is_as_it_was_is_not_fetched_again(
    layout: Layout, settings: Settings, store: Any
) -> None:
    source = "s3://legacy-files/old/my domains.json"
    stamp = fetched(layout, settings, source).stamp
    assert bring(layout, settings, source, unless=stamp) is None
    store.put_object(Bucket="legacy-files", Key="old/my domains.json", Body=b"[2]")
    assert fetched(layout, settings, source, unless=stamp).upload.path.read_bytes() == b"[2]"


def test_google_s_store_is_asked_with_its_own_key(
    layout: Layout, settings: Settings, store: Any
) -> None:
    source = "gs://legacy-files/old/my domains.json"
    assert "GCS_ACCESS_KEY" in refused(layout, settings, source)
    store.put_object_acl(Bucket="legacy-files", Key="old/my domains.json", ACL="public-read")
    assert fetched(layout, settings, source).upload.bytes == len(FILE)
    with serving({"/legacy-files/a.json": reply(FILE, etag='"1"')}) as server:
        own = settings.model_copy(update={"gcs_endpoint_url": server.address("")})
        fetched(layout, own, "gs://legacy-files/a.json")
        assert "authorization:" not in server.asked[-1].lower()
        keyed = Settings(
            **own.model_dump() | {"gcs_access_key": "GOOG1X", "gcs_secret_key": "hmac"},
            _env_file=None,
        )
        fetched(layout, keyed, "gs://legacy-files/a.json")
        assert "Credential=GOOG1X/" in server.asked[-1]
        assert "key-of-the-tests" not in "".join(server.asked)


def test_what_is_not_there_is_one_sentence(layout: Layout, settings: Settings, store: Any) -> None:
    assert refused(layout, settings, "s3://legacy-files/gone.json") == (
        "There is no 'gone.json' in the bucket legacy-files."
    )
    assert refused(layout, settings, "s3://no-such-bucket/a.json") == (
        "There is no bucket no-such-bucket (s3://no-such-bucket/a.json)."
    )


def test_credentials_that_are_refused_are_one_sentence(
    layout: Layout, settings: Settings, store: Any, store_address: str
) -> None:
    requests.post(f"{store_address}/moto-api/reset-auth", data=b"0", timeout=20)
    try:
        text = refused(layout, settings, "s3://legacy-files/old/my domains.json")
    finally:
        requests.post(f"{store_address}/moto-api/reset-auth", data=b"inf", timeout=20)
    assert "InvalidAccessKeyId" in text
    assert "AWS_ACCESS_KEY_ID" in text


def test_credentials_that_are_not_there_are_one_sentence(
    layout: Layout, settings: Settings, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    text = refused(layout, settings, "s3://legacy-files/old/my domains.json")
    assert "Unable to locate credentials" in text
    assert "AWS_ACCESS_KEY_ID" in text


def test_the_limit_holds_for_objects_too(layout: Layout, settings: Settings, store: Any) -> None:
    store.put_object(Bucket="legacy-files", Key="big.json", Body=b"x" * 1_001)
    store.put_object(Bucket="legacy-files", Key="fits.json", Body=b"x" * 1_000)
    assert "1,001 bytes" in refused(layout, settings, "s3://legacy-files/big.json")
    assert fetched(layout, settings, "s3://legacy-files/fits.json").upload.bytes == 1_000


def test_an_object_that_is_cut_off_is_no_file(
    layout: Layout, settings: Settings, store: Any
) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 100\r\n\r\n'
    with serving({"/legacy-files/a.json": head + b"only this"}) as server:
        own = settings.model_copy(update={"s3_endpoint_url": server.address("")})
        text = refused(layout, own, "s3://legacy-files/a.json", SourceUnavailable)
    assert text.startswith("s3://legacy-files/a.json was cut off: ")


def test_an_object_that_drips_is_cut_off_in_time(
    layout: Layout, settings: Settings, store: Any
) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 999\r\n\r\n'
    with serving(drip(b"x", head)) as server:
        own = settings.model_copy(
            update={"s3_endpoint_url": server.address(""), "migration_fetch_seconds": 1}
        )
        text = refused(layout, own, "s3://legacy-files/a.json", SourceUnavailable)
    assert text == (
        "s3://legacy-files/a.json did not come within 1 seconds (MIGRATION_FETCH_SECONDS)."
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(BODY % b"AccessDenied", "403 Forbidden"), SourceRefused),
        (reply(BODY % b"SignatureDoesNotMatch", "403 Forbidden"), SourceRefused),
        (reply(BODY % b"NoSuchBucket", "404 Not Found"), SourceRefused),
        (reply(status="404 Not Found"), SourceRefused),
        (reply(b"<html>", "418 Teapot"), SourceRefused),
        (reply(BODY % b"InvalidRange", "416 Range"), SourceRefused),
        (reply(BODY % b"SlowDown", "503 Slow Down"), SourceUnavailable),
        (reply(status="500 Broken"), SourceUnavailable),
        (b"", SourceUnavailable),
        (b"no HTTP", SourceUnavailable),
    ],
)
def test_whatever_a_store_answers_is_one_sentence(
    layout: Layout, settings: Settings, store: Any, answer: bytes, kind: Any
) -> None:
    with serving({"/legacy-files/a.json": answer}) as server:
        own = settings.model_copy(update={"s3_endpoint_url": server.address("")})
        refused(layout, own, "s3://legacy-files/a.json", kind)


def test_proxies_of_the_environment_are_not_used(
    layout: Layout, settings: Settings, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({}) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.address())
        fetched(layout, settings, "s3://legacy-files/old/my domains.json")
        assert proxy.asked == []


@pytest.mark.parametrize(
    "source",
    [
        "s3://", "s3://bucket", "s3://bucket/", "s3://bucket/folder/", "s3:///key", "s3://B/k",
        "s3://arn:aws:s3:us-east-1:1:accesspoint/x/k", "s3://key:secret@bucket/k", "s3://../k",
        "s3://b@x/k", "s3://bucket/a\x00b", "s3://bucket/a\nb", "s3://bucket/" + "ä" * 600,
        "gs://bucket", "s3://bucket?x/k",
    ],
)  # fmt: skip
def test_addresses_of_objects_that_are_none(settings: Settings, source: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        check_source(source, settings)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_the_library_a_sentence_says_how_to_install_it(
    layout: Layout, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    assert refused(layout, settings, "s3://legacy-files/a.json") == (
        "s3:// needs the package boto3, which is not installed: pip install 'dnsinv[s3]'."
    )


def test_a_key_may_have_dots_in_it_and_leads_nowhere_else(
    layout: Layout, settings: Settings, store: Any
) -> None:
    store.put_object(Bucket="legacy-files", Key="a/../b.json", Body=b"dots")
    brought = fetched(layout, settings, "s3://legacy-files/a/../b.json")
    assert (brought.upload.name, brought.upload.path.read_bytes()) == ("b.json", b"dots")
