"""Schedules of imports: who may set them up, when they look, and that a file is imported once."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Column

from dnsinv.actions.acting import Actor, NotAllowed, acting
from dnsinv.actions.installation import Installation
from dnsinv.actions.migration_schedules import (
    MOST_SCHEDULES,
    SCHEDULED,
    Arrival,
    add_schedule,
    all_schedules,
    arrivals,
    claim,
    pause_schedule,
    remove_schedule,
)
from dnsinv.actions.people import create_user
from dnsinv.domain.permission import Right
from dnsinv.errors import Conflict, NotThere, UsageError
from dnsinv.migration.line import Reach
from dnsinv.migration.schedules import RETRY, check_cron, due, next_look
from dnsinv.store import audit
from dnsinv.store.migration_sources import Schedule
from dnsinv.store.tables import Instant, migrations
from tests.core.file_server import FileServer, reply, serving
from tests.core.stores import ROOT

HERE = Reach(20, [ip_network("127.0.0.0/8")], is_http_allowed=True)
LATER = timedelta(days=1)  # than any settling
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def inbox(installation: Installation) -> Path:
    folder = installation.settings.inbox
    folder.mkdir()
    return folder


def begin(installation: Installation, arrival: Arrival) -> int:
    """Begin a migration as far as it matters here: its row, and the claim, in one transaction."""
    with acting(installation, SCHEDULED, "migration.begin", Right.ADD_DOMAINS) as deed:
        needed = [column for column in migrations.columns if not column.nullable]
        values = {column.name: _nothing(column) for column in needed[1:]}
        key = deed.db.execute(migrations.insert().values(values)).inserted_primary_key
        number = int(key[0])
        claim(deed, number, arrival)
    return number


def _nothing(column: Column[Any]) -> Any:
    if isinstance(column.type, Instant):
        return NINE
    return {} if isinstance(column.type, JSON) else column.type.python_type()


def take(installation: Installation, at: datetime | None = None, **more: Any) -> list[str]:
    """Import all that is to be imported now; what it is called and its content."""
    taken = []
    at = at or datetime.now(UTC) + LATER
    for arrival in arrivals(installation, at, **{"reach": HERE} | more):
        begin(installation, arrival)
        taken.append(f"{arrival.upload.name}: {arrival.upload.path.read_text()}")
    return taken


def trouble(installation: Installation) -> str:
    (listed,) = all_schedules(installation, ROOT)
    return listed.schedule.trouble


# -- setting them up ------------------------------------------------------------------------------


def test_a_schedule_is_set_up_listed_paused_and_removed_and_each_is_in_the_audit_log(
    installation: Installation,
) -> None:
    made = add_schedule(
        installation, ROOT, " legacy/*.json ", template="GoDaddy", options={"batch_size": 50}
    )
    other = add_schedule(installation, ROOT, "s3://legacy/a.json", cron=" 15  3 * * mon ")
    assert (made.source, made.cron, made.options) == ("legacy/*.json", "", {"batch_size": 50})
    assert (other.cron, other.is_paused, other.created_by) == ("15 3 * * MON", False, "root")
    with pytest.raises(Conflict, match=r"a schedule of legacy/\*\.json"):
        add_schedule(installation, ROOT, "./legacy//*.json")

    pause_schedule(installation, ROOT, other.id, is_paused=True)
    listed = all_schedules(installation, ROOT)
    assert [(each.source, each.schedule.is_paused) for each in listed] == [
        ("legacy/*.json", False), ("s3://legacy/a.json", True),
    ]  # fmt: skip
    pause_schedule(installation, ROOT, other.id, is_paused=False)
    remove_schedule(installation, ROOT, made.id)
    assert [each.schedule.id for each in all_schedules(installation, ROOT)] == [other.id]
    for act in (
        lambda: remove_schedule(installation, ROOT, made.id),
        lambda: pause_schedule(installation, ROOT, made.id, is_paused=True),
    ):
        with pytest.raises(NotThere):
            act()
    again = add_schedule(installation, ROOT, "legacy/*.json")
    assert again.id not in (made.id, other.id)

    with installation.store.read() as db:
        entries = [(each.action, each.subject) for each in audit.entries(db)]
    assert entries == [
        ("schedule.create", "legacy/*.json"),
        ("schedule.create", "s3://legacy/a.json"),
        ("schedule.pause", "s3://legacy/a.json"),
        ("schedule.resume", "s3://legacy/a.json"),
        ("schedule.remove", "legacy/*.json"),
        ("schedule.create", "legacy/*.json"),
    ]


def test_only_administrators_manage_schedules_and_what_is_refused_is_written_down(
    installation: Installation,
) -> None:
    user = create_user(installation, ROOT, {"name": "ada", "role": "editor"})
    ada = Actor("ada", "api", user.id)
    kept = add_schedule(installation, ROOT, "a.json")
    for act in (
        lambda: add_schedule(installation, ada, "b.json"),
        lambda: remove_schedule(installation, ada, kept.id),
        lambda: pause_schedule(installation, ada, kept.id, is_paused=True),
    ):
        with pytest.raises(NotAllowed, match="manage schedules of imports"):
            act()
    assert [each.schedule for each in all_schedules(installation, ada)] == [kept]
    with installation.store.read() as db:
        assert [each.outcome for each in audit.entries(db)][-3:] == ["refused"] * 3


@pytest.mark.parametrize(
    ("source", "cron"),
    [
        ("../etc/passwd", ""),
        ("/etc/passwd", ""),
        ("file:///etc/passwd", "15 3 * * *"),
        ("http://files.example/a", "15 3 * * *"),
        ("https://u:geheim@files.example/a", "15 3 * * *"),
        ("https://files.example/a", ""),
        ("s3://legacy/a.json", " "),
        ("a.json", "sometimes"),
        ("a.json", "* * * * * *"),
        ("a.json", "0 0 31 2 *"),
        ("a.json", "@daily"),
        ("a.json", "61 * * * *"),
        ("", ""),
    ],
)
def test_what_can_be_no_schedule_is_refused(
    installation: Installation, source: str, cron: str
) -> None:
    with pytest.raises(UsageError) as caught:
        add_schedule(installation, ROOT, source, cron=cron)
    assert "geheim" not in str(caught.value)
    assert all_schedules(installation, ROOT) == []


def test_a_query_is_shown_to_nobody(installation: Installation) -> None:
    source = "https://files.example/a.json?sig=geheim"
    made = add_schedule(installation, ROOT, source, cron="0 3 * * *")
    remove_schedule(installation, ROOT, made.id)
    assert made.source == source
    add_schedule(installation, ROOT, source, cron="0 4 * * *")
    (listed,) = all_schedules(installation, ROOT)
    assert listed.source == "https://files.example/a.json?..."
    with installation.store.read() as db:
        assert "geheim" not in str(list(audit.entries(db)))


def test_there_are_only_so_many(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_SCHEDULES >= 100
    monkeypatch.setattr("dnsinv.actions.migration_schedules.MOST_SCHEDULES", 2)
    for name in ("a", "b"):
        add_schedule(installation, ROOT, name)
    with pytest.raises(UsageError, match="2 schedules already"):
        add_schedule(installation, ROOT, "c")


# -- when they look -------------------------------------------------------------------------------


def scheduled(cron: str, **more: Any) -> Schedule:
    facts: dict[str, Any] = {
        "id": 1, "source": "a", "cron": cron, "template": "", "options": {}, "is_paused": False,
        "created_by": "ada", "created_at": NINE, "looked_at": None, "again_at": None, "trouble": "",
    }  # fmt: skip
    return Schedule(**facts | more)


@pytest.mark.parametrize(
    ("schedule", "next_at"),
    [
        (scheduled("30 9 * * *"), NINE + timedelta(minutes=30)),
        (scheduled("0 9 * * *"), NINE + timedelta(days=1)),
        (scheduled("0 9 * * *", looked_at=NINE + timedelta(days=3)), NINE + timedelta(days=4)),
        (scheduled("0 9 * * *", again_at=NINE + RETRY), NINE + RETRY),
        (scheduled("*/5 * * * *", again_at=NINE + RETRY), NINE + timedelta(minutes=5)),
        (scheduled("0 0 29 2 *"), datetime(2028, 2, 29, tzinfo=UTC)),
        (scheduled(""), None),
        (scheduled("", again_at=NINE + RETRY), NINE + RETRY),
    ],
)
def test_cron_says_when_a_source_is_looked_at(schedule: Schedule, next_at: datetime | None) -> None:
    assert next_look(schedule) == next_at
    if next_at is None:
        assert due([schedule], NINE) == [schedule]
    else:
        assert due([schedule], next_at - timedelta(seconds=1)) == []
        assert due([schedule], next_at) == [schedule]
        assert due([schedule], next_at + timedelta(days=900)) == [schedule]
    assert due([replace(schedule, is_paused=True)], NINE + timedelta(days=900)) == []


def test_cron_expressions_have_one_form() -> None:
    assert check_cron(" 0  3 * jan-mar  sun ") == "0 3 * JAN-MAR SUN"


# -- the inbox ------------------------------------------------------------------------------------


def test_a_file_of_the_inbox_is_imported_once(installation: Installation, inbox: Path) -> None:
    add_schedule(installation, ROOT, "*.json")
    assert take(installation) == []
    (inbox / "b.json").write_text("[2]")
    (inbox / "a.json").write_text("[1]")
    (inbox / "c.csv").write_text("c")
    assert take(installation) == ["a.json: [1]", "b.json: [2]"]
    assert take(installation) == []
    (listed,) = all_schedules(installation, ROOT)
    assert (listed.imported, listed.next_at) == (2, None)


def test_what_changed_is_imported_again_and_what_was_only_touched_is_not(
    installation: Installation, inbox: Path
) -> None:
    add_schedule(installation, ROOT, "*.json")
    file = inbox / "a.json"
    file.write_text("[1]")
    assert take(installation) == ["a.json: [1]"]
    os.utime(file, ns=(0, 0))
    file.chmod(0o600)
    assert take(installation) == []
    assert list(installation.lake.layout.uploads.iterdir()) != []  # the first, which is in use
    file.write_text("[2]")
    assert take(installation) == ["a.json: [2]"]
    file.write_text("[1]")  # as it was once: what came between has to be undone
    assert take(installation) == ["a.json: [1]"]
    assert take(installation) == []


def test_a_copy_and_a_new_name_are_no_news(installation: Installation, inbox: Path) -> None:
    add_schedule(installation, ROOT, "**/*.json")
    (inbox / "a.json").write_text("[1]")
    (inbox / "copy.json").write_text("[1]")
    assert take(installation) == ["a.json: [1]"]
    (inbox / "done").mkdir()
    (inbox / "a.json").rename(inbox / "done" / "a.json")
    assert take(installation) == []
    (inbox / "done" / "a.json").write_text("[3]")
    assert take(installation) == ["a.json: [3]"]


def test_two_schedules_do_not_know_of_each_other(installation: Installation, inbox: Path) -> None:
    for pattern in ("*.json", "a.*"):
        add_schedule(installation, ROOT, pattern)
    (inbox / "a.json").write_text("[1]")
    assert take(installation) == ["a.json: [1]"] * 2


def test_a_file_that_is_being_written_waits(installation: Installation, inbox: Path) -> None:
    add_schedule(installation, ROOT, "*.json")
    file = inbox / "a.json"
    file.write_text("[1")
    written = datetime.fromtimestamp(file.stat().st_ctime, UTC)
    settle = timedelta(seconds=10)
    assert take(installation, written + settle - timedelta(seconds=1), settle=settle) == []
    with file.open("a") as more:
        more.write("]")
    os.utime(file, ns=(0, 0))  # the time that a copy keeps says nothing
    written = datetime.fromtimestamp(file.stat().st_ctime, UTC)
    assert take(installation, written + settle - timedelta(seconds=1), settle=settle) == []
    later = written + settle + timedelta(seconds=1)
    assert take(installation, later, settle=settle) == ["a.json: [1]"]


def test_a_path_may_be_watched_before_its_file_is_there(
    installation: Installation, inbox: Path
) -> None:
    add_schedule(installation, ROOT, "legacy/a.json")
    assert (take(installation), trouble(installation)) == ([], "")
    (inbox / "legacy").mkdir()
    (inbox / "legacy" / "a.json").write_text("[1]")
    assert take(installation) == ["a.json: [1]"]


def test_what_goes_wrong_is_said_and_stops_nothing_else(
    installation: Installation, inbox: Path
) -> None:
    (inbox / "out.json").symlink_to("/etc/passwd")
    add_schedule(installation, ROOT, "out.json")
    add_schedule(installation, ROOT, "a*.json")
    (inbox / "a.json").write_text("[1]")
    (inbox / "a-large.json").write_bytes(b"")
    os.truncate(inbox / "a-large.json", 5_000_000_001)
    assert take(installation) == ["a.json: [1]"]
    first, second = all_schedules(installation, ROOT)
    assert "leads out of the inbox" in first.schedule.trouble
    assert "'a-large.json' has 5,000,000,001 bytes" in second.schedule.trouble
    (inbox / "a-large.json").unlink()
    (inbox / "out.json").unlink()
    assert take(installation) == []
    assert [each.schedule.trouble for each in all_schedules(installation, ROOT)] == ["", ""]


def test_what_two_find_at_once_is_imported_by_one(installation: Installation, inbox: Path) -> None:
    add_schedule(installation, ROOT, "*.json")
    (inbox / "a.json").write_text("[1]")
    at = datetime.now(UTC) + LATER
    (first,) = arrivals(installation, at)
    (second,) = arrivals(installation, at)
    begin(installation, first)
    with pytest.raises(Conflict, match="was imported meanwhile"):
        begin(installation, second)
    assert take(installation) == []
    with installation.store.read() as db:
        assert len(db.execute(migrations.select()).all()) == 1


def test_what_nobody_claimed_comes_again(installation: Installation, inbox: Path) -> None:
    made = add_schedule(installation, ROOT, "*.json")
    (inbox / "a.json").write_text("[1]")
    at = datetime.now(UTC) + LATER
    assert len(list(arrivals(installation, at))) == 1
    looking = arrivals(installation, at)
    arrival = next(looking)
    looking.close()  # as a process does that is stopped in between
    remove_schedule(installation, ROOT, made.id)
    with pytest.raises(Conflict, match="was removed meanwhile"):
        begin(installation, arrival)


# -- addresses ------------------------------------------------------------------------------------


@dataclass
class Daily:
    """A file on a server, looked at every day at three; `reply` is what the server says next."""

    installation: Installation
    server: FileServer
    reply: bytes = reply(b"[1]", etag='"1"')


@pytest.fixture
def daily(installation: Installation) -> Iterator[Daily]:
    def answer(path: str, connection: socket.socket) -> None:
        is_same = 'If-None-Match: "1"' in world.server.asked[-1] and b'"1"' in world.reply
        connection.sendall(reply(status="304 Same") if is_same else world.reply)

    settings = installation.settings.model_copy(update={"migration_http": True})
    with serving(answer) as server:
        world = Daily(replace(installation, settings=settings), server)
        add_schedule(world.installation, ROOT, server.address("/a.json"), cron="0 3 * * *")
        yield world


def test_an_address_is_looked_at_when_cron_says_and_imported_when_it_changed(
    daily: Daily,
) -> None:
    installation = daily.installation
    today = datetime.now(UTC).replace(hour=0, minute=0)

    def at(day: int, hour: int) -> datetime:
        return today + timedelta(days=day, hours=hour)

    assert take(installation, datetime.now(UTC)) == []
    assert daily.server.asked == []
    assert take(installation, at(2, 4)) == ["a.json: [1]"]
    assert take(installation, at(2, 5)) == []
    assert len(daily.server.asked) == 1
    assert take(installation, at(3, 4)) == []
    assert len(daily.server.asked) == 2
    daily.reply = reply(b"[1]", etag='"2"')  # another stamp, the same content
    assert take(installation, at(4, 4)) == []
    daily.reply = reply(b"[2]", etag='"3"')
    assert take(installation, at(9, 4)) == ["a.json: [2]"]
    assert take(installation, at(9, 5)) == []
    assert all_schedules(installation, ROOT)[0].imported == 2


def test_an_address_that_does_not_answer_is_tried_again_soon_and_one_that_refuses_is_not(
    daily: Daily,
) -> None:
    installation = daily.installation
    three = datetime.now(UTC).replace(hour=3, minute=0) + timedelta(days=2)
    daily.reply = reply(status="503 Away")
    assert take(installation, three) == []
    assert "answers 503" in trouble(installation)
    (listed,) = all_schedules(installation, ROOT)
    assert listed.next_at == three + RETRY
    assert take(installation, three + RETRY / 2) == []
    daily.reply = reply(status="404 Gone")
    assert take(installation, three + RETRY) == []
    assert "does not exist" in trouble(installation)
    (listed,) = all_schedules(installation, ROOT)
    assert listed.next_at is not None
    assert listed.next_at > three + timedelta(hours=20)
    daily.reply = reply(b"[1]")
    assert take(installation, three + timedelta(days=1)) == ["a.json: [1]"]
    assert trouble(installation) == ""


def test_an_address_that_may_not_be_reached_is_said_so_in_its_schedule(
    daily: Daily,
) -> None:
    installation = daily.installation
    three = datetime.now(UTC) + timedelta(days=2)
    assert take(installation, three, reach=None) == []
    assert "MIGRATION_NETWORKS" in trouble(installation)
    assert daily.server.asked == []


def test_an_address_that_the_settings_allow_no_more_is_said_so_in_its_schedule(
    daily: Daily, installation: Installation
) -> None:
    assert take(installation, datetime.now(UTC) + timedelta(days=2)) == []
    assert "MIGRATION_HTTP" in trouble(installation)
    assert daily.server.asked == []
