"""Collections under Dagster: what becomes of them, and of those that do not work out."""

import signal
import threading
from datetime import timedelta

import dagster as dg
import pytest

from dnsinv.errors import BadCredential, ProviderUnavailable
from dnsinv.providers.provider import Diagnosis
from dnsinv.store import collections
from dnsinv_pipelines import collecting
from dnsinv_pipelines.locks import without_collection
from tests.core.scripted import a_record
from tests.pipelines.home import (
    Home,
    add_partition,
    failure_of,
    materialised,
    materialize,
    metadata_of,
    today,
)

UNREACHABLE = Diagnosis(is_ok=False, code="unreachable", text="The provider does not answer.")


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "RETRY_SECONDS", (0.0, 0.0))


def test_a_collection_materialises_everything_and_says_how_it_went(
    home: Home, instance: dg.DagsterInstance
) -> None:
    from dnsinv_pipelines.definitions import defs

    key = add_partition(instance)
    result = defs.resolve_job_def("collect").execute_in_process(
        instance=instance, partition_key=key
    )

    partitioned = {"domain_snapshots", "record_snapshots", "domain_changes", "record_changes"}
    made = materialised(result)
    assert made == {**dict.fromkeys(partitioned, key), **dict.fromkeys(made.keys() - partitioned)}
    assert made.keys() - partitioned == {
        "domain_history",
        "record_history",
        "zones",
        "dns_records",
        "domains",
        "read_model",
    }
    facts = metadata_of(result, "record_snapshots")
    assert (
        facts["dagster/row_count"],
        facts["account"],
        facts["zones_complete"],
        facts["requests"],
    ) == (15, "gd-1", 5, home.providers["gd-1"].requests)
    assert facts["full_cycle"].startswith("All 5 zones take")
    assert metadata_of(result, "domain_snapshots")["dagster/row_count"] == 5
    assert metadata_of(result, "domains")["dagster/row_count"] == 5
    checks = result.get_asset_check_evaluations()
    assert len(checks) == 11
    assert all(check.passed for check in checks)
    assert {check.partition for check in checks} == {key, None}
    assert home.opened.lake.query("select count(*) from dns_records") == [(15,)]


def test_domain_snapshots_alone_list_the_account_and_read_no_zone(
    home: Home, instance: dg.DagsterInstance
) -> None:
    result = materialize(instance, "domain_snapshots", key=add_partition(instance))

    assert set(materialised(result)) == {"domain_snapshots"}
    assert home.providers["gd-1"].reads == []
    assert metadata_of(result, "domain_snapshots")["scope"] == "domains"


@pytest.mark.usefixtures("home")
def test_record_snapshots_alone_tell_of_the_listing_they_needed(
    instance: dg.DagsterInstance,
) -> None:
    key = add_partition(instance)
    result = materialize(instance, "record_snapshots", key=key)

    assert materialised(result) == {"domain_snapshots": key, "record_snapshots": key}


def test_one_domain_can_be_read_alone(home: Home, instance: dg.DagsterInstance) -> None:
    home.observe()
    home.providers["gd-1"].reads.clear()
    result = materialize(
        instance, "record_snapshots", key=add_partition(instance), config={"domain": "beta.example"}
    )

    assert set(materialised(result)) == {"record_snapshots"}
    assert home.providers["gd-1"].reads == ["beta.example"]


def test_reading_one_domain_is_not_taken_for_a_listing(
    home: Home, instance: dg.DagsterInstance
) -> None:
    result = materialize(
        instance,
        "domain_snapshots",
        "record_snapshots",
        key=add_partition(instance),
        config={"domain": "beta.example"},
    )

    assert failure_of(result).startswith("Reading the one zone beta.example lists nothing")
    assert home.providers["gd-1"].requests == 0


@pytest.mark.usefixtures("home")
def test_a_deadline_leaves_zones_for_the_next_time(instance: dg.DagsterInstance) -> None:
    result = materialize(
        instance,
        "domain_snapshots",
        "record_snapshots",
        key=add_partition(instance),
        config={"deadline_minutes": 1e-9},
    )

    assert result.success
    assert metadata_of(result, "record_snapshots")["zones_unread"] == 5


@pytest.mark.parametrize("days", [-1, 1])
def test_another_day_than_today_is_refused_in_one_sentence(
    home: Home, instance: dg.DagsterInstance, days: int
) -> None:
    key = add_partition(instance, day=today() + timedelta(days=days))
    result = materialize(instance, "domain_snapshots", "record_snapshots", key=key)

    assert f"is not today ({today()}, UTC)" in failure_of(result)
    assert f"Collect gd-1/{today()} instead" in failure_of(result)
    assert home.providers["gd-1"].requests == 0


def test_a_held_listing_fails_the_step_with_its_own_sentence_and_publishes_nothing(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.observe(ago=timedelta(days=1))
    home.providers["gd-1"].listed = ["alpha.example", "beta.example"]
    result = materialize(
        instance,
        "domain_snapshots",
        "record_snapshots",
        "domain_changes",
        key=add_partition(instance),
    )

    assert failure_of(result).startswith("Held: 3 of 5 domains are missing at once")
    assert materialised(result) == {}
    assert not home.snapshot("domains").exists()
    assert [event.event_type_value for event in result.all_events].count("STEP_START") == 1


def test_a_partial_collection_is_published_with_a_warning(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.providers["gd-1"].faults["beta.example"] = [ProviderUnavailable("beta does not answer")]
    result = materialize(
        instance, "domain_snapshots", "record_snapshots", key=add_partition(instance)
    )

    assert result.success
    assert metadata_of(result, "record_snapshots")["zones_failed"] == 1
    warnings = [
        entry.user_message for entry in instance.all_logs(result.run_id) if entry.level == 30
    ]
    assert any("beta does not answer" in text for text in warnings)


@pytest.mark.usefixtures("_no_waiting")
def test_an_outage_is_tried_again(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = home.providers["gd-1"]
    account.list_error = ProviderUnavailable("503 for ten minutes")

    def diagnose() -> Diagnosis:
        account.list_error = None
        return UNREACHABLE

    monkeypatch.setattr(account, "diagnose", diagnose)
    result = materialize(
        instance, "domain_snapshots", "record_snapshots", key=add_partition(instance)
    )

    assert result.success
    assert [
        event.event_type_value for event in result.all_events if event.is_step_up_for_retry
    ] == ["STEP_UP_FOR_RETRY"]


@pytest.mark.usefixtures("_no_waiting")
def test_an_outage_that_lasts_fails_with_its_own_sentence(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.providers["gd-1"].list_error = ProviderUnavailable("503 for ten minutes")
    home.providers["gd-1"].diagnosis = UNREACHABLE
    result = materialize(instance, "domain_snapshots", key=add_partition(instance))

    assert failure_of(result) == "503 for ten minutes"
    assert home.providers["gd-1"].requests == 1 + collecting.RETRIES


def test_a_bad_credential_is_not_tried_again_and_says_how_to_mend_it(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.providers["gd-1"].list_error = BadCredential("The key is not accepted.")
    home.providers["gd-1"].diagnosis = Diagnosis(
        is_ok=False, code="bad_key", text="Make a new key."
    )
    result = materialize(instance, "domain_snapshots", key=add_partition(instance))

    assert failure_of(result) == "The key is not accepted. Make a new key."
    assert home.providers["gd-1"].requests == 1


@pytest.mark.usefixtures("_no_waiting")
def test_an_account_that_is_being_collected_already_is_waited_for_a_few_times(
    home: Home, instance: dg.DagsterInstance
) -> None:
    with without_collection(home.opened.lake.layout.locks, "gd-1"):
        result = materialize(instance, "domain_snapshots", key=add_partition(instance))

    assert "is being collected already" in failure_of(result)
    assert sum(event.is_step_up_for_retry for event in result.all_events) == collecting.RETRIES


def test_an_account_without_credential_is_told_in_one_sentence(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.has_accounts({"gd-1": "godaddy"}, unusable=["gd-1"])
    result = materialize(instance, "domain_snapshots", key=add_partition(instance))

    assert "NOT_SET_ANYWHERE not set" in failure_of(result)


def test_a_run_that_is_told_to_stop_leaves_a_collection_that_goes_on(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = home.providers["gd-1"]
    account.zones |= {
        f"zone{i}.example": [a_record(f"zone{i}.example", "www", "192.0.2.1")] for i in range(95)
    }
    read = account.read_zone
    reading = threading.Event()

    def read_and_interrupt(domain: object) -> object:
        if len(account.reads) == 20 and not reading.is_set():
            reading.set()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        if reading.is_set() and home.stopping is not None:
            home.stopping.wait(30)  # until the order has come down here
        return read(domain)  # type: ignore[arg-type]

    monkeypatch.setattr(account, "read_zone", read_and_interrupt)
    key = add_partition(instance)
    try:
        first = materialize(instance, "domain_snapshots", "record_snapshots", key=key)
        assert not first.success
    except KeyboardInterrupt:
        pass
    with home.opened.store.begin() as db:
        cut_off = collections.running(db, "gd-1")
    assert cut_off is not None
    already = len(account.reads)
    assert already < 100
    monkeypatch.setattr(account, "read_zone", read)
    second = materialize(instance, "domain_snapshots", "record_snapshots", key=key)

    assert metadata_of(second, "record_snapshots")["collection"] == cut_off.id
    assert len(account.reads) == 100, "no zone was read twice"
