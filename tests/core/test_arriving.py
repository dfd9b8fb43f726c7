"""Files that come by schedule become migrations, once each, whatever is in them."""

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from dnsinv.actions import migrate
from dnsinv.actions.arriving import begin_arrivals, wishes_of
from dnsinv.actions.installation import Installation
from dnsinv.actions.migration_schedules import add_schedule, all_schedules, has_arrivals
from dnsinv.actions.uploads_kept import sweep_uploads
from dnsinv.domain.migrations import State
from dnsinv.errors import UsageError
from dnsinv.store import migrations
from tests.core.stores import ROOT

ITEM = {"domain": "a.example", "status": "active", "discovery_date": "2024-01-01"}
SETTLED = timedelta(0)  # a file counts as whole at once
wait = threading.Event().wait


@pytest.fixture
def inbox(installation: Installation) -> Path:
    folder = installation.settings.inbox
    folder.mkdir()
    return folder


def test_a_file_is_imported_once_as_its_schedule_says(
    installation: Installation, inbox: Path
) -> None:
    add_schedule(
        installation,
        ROOT,
        "*.json",
        template="godaddy-domains",
        options={"duplicates": "skip", "batch_size": 10},
    )
    assert not has_arrivals(installation, settle=SETTLED)
    (inbox / "one.json").write_text(json.dumps([ITEM]))
    assert has_arrivals(installation, settle=SETTLED)

    (begun,) = begin_arrivals(installation, settle=SETTLED)

    assert (begun.state, begun.name, begun.source) == (State.PENDING, "one.json", "schedule 1")
    assert (begun.options.duplicates, begun.options.batch_size) == ("skip", 10)
    done = migrate.run(installation, begun.number, wait)
    assert done.state is State.COMPLETED
    assert installation.lake.query("select name from domains") == [("a.example",)]
    assert begin_arrivals(installation, settle=SETTLED) == []
    assert not has_arrivals(installation, settle=SETTLED)


def test_a_file_that_cannot_be_begun_is_told_once_and_stops_no_other(
    installation: Installation, inbox: Path
) -> None:
    add_schedule(installation, ROOT, "*.json")
    (inbox / "a-broken.json").write_text("[{")
    (inbox / "b-sound.json").write_text(json.dumps([ITEM]))

    begun = begin_arrivals(installation, settle=SETTLED)

    states = {each.name: each.state for each in begun}
    assert states == {"a-broken.json": State.FAILED, "b-sound.json": State.PENDING}
    assert all(each.message for each in begun if each.state is State.FAILED)
    assert begin_arrivals(installation, settle=SETTLED) == []
    with installation.store.read() as db:
        assert migrations.count(db) == 2
    (listed,) = all_schedules(installation, ROOT)
    assert listed.imported == 2


def test_files_are_kept_until_nobody_needs_them(installation: Installation, inbox: Path) -> None:
    add_schedule(installation, ROOT, "*.json", template="godaddy-domains")
    (inbox / "one.json").write_text(json.dumps([ITEM]))
    (begun,) = begin_arrivals(installation, settle=SETTLED)
    later = begun.created_at + timedelta(days=2)

    assert sweep_uploads(installation, later) == 0
    assert Path(begun.path).exists()
    migrate.run(installation, begun.number, wait)
    assert Path(begun.path).exists()  # not a day has passed
    assert sweep_uploads(installation, later) == 1
    assert not Path(begun.path).exists()


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="batch_size, duplicates"):
        wishes_of({"colour": "red"})
