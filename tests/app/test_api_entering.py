"""Domains entered over HTTP are in the lists soon after, without anybody waiting for the fold."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.app.api import DEADLINE, Served, served_from
from tests.app.inventory import Inventory

NAMES = [f"entered-{number:02}.example" for number in range(20)]


@pytest.fixture
def served(small_original: Inventory, tmp_path: Path) -> Iterator[Served]:
    shutil.copytree(small_original.root, tmp_path, dirs_exist_ok=True)
    with served_from(Inventory(tmp_path).settings) as made:
        yield made


def listed(served: Served) -> list[str]:
    items = served.as_viewer.get("/api/domains?search=entered").json()["items"]
    return [item["name"] for item in items]


def soon(is_so: Callable[[], bool]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline
        pause.wait(0.05)


def test_an_entered_domain_is_listed_soon_and_leaves_soon_after_it_is_taken_out(
    served: Served,
) -> None:
    before = served.as_viewer.get("/api/domains").headers["ETag"]
    made = served.as_editor.post("/api/domains", json={"name": "Entered.Example"})
    place = made.headers["Location"]
    soon(lambda: served.as_viewer.get(place).status_code == 200)
    found = served.as_viewer.get(place).json()
    assert (found["name"], found["sources"]) == ("entered.example", ["manual"])
    assert listed(served) == ["entered.example"]
    changed = served.as_viewer.get("/api/domains", headers={"If-None-Match": before})
    assert changed.status_code == 200
    assert served.as_editor.delete(place).status_code == 204
    soon(lambda: not listed(served))


def test_who_enters_domains_during_a_fold_waits_for_nothing_and_shares_the_next(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dnsinv.actions.relisting")
    with FileLock(served.installation.lake.layout.locks / "fold.lock"):  # as during another's fold
        for name in NAMES:
            assert served.as_editor.post("/api/domains", json={"name": name}).status_code == 201
        assert listed(served) == []
    soon(lambda: listed(served) == NAMES)
    soon(lambda: not any(each.name == "relisting" for each in threading.enumerate()))
    assert 1 <= caplog.text.count("domains listed again") <= 2


def test_a_fold_that_fails_is_made_up_for_by_the_next(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    history = served.installation.lake.layout.history("domains")
    kept = history.read_bytes()
    history.write_bytes(b"damaged")
    served.as_editor.post("/api/domains", json={"name": NAMES[0]})
    soon(lambda: "the next collection does it" in caplog.text)
    history.write_bytes(kept)
    assert served.as_viewer.get("/api/domains").json()["total"] == 3
    served.as_editor.post("/api/domains", json={"name": NAMES[1]})
    soon(lambda: listed(served) == NAMES[:2])


def test_the_first_domains_of_an_empty_inventory_can_be_entered(tmp_path: Path) -> None:
    empty = Inventory(tmp_path)
    empty.configure("gd-main", "godaddy")
    with served_from(empty.settings) as served:
        assert listed(served) == []
        served.as_editor.post("/api/domains", json={"name": NAMES[0]})
        soon(lambda: listed(served) == NAMES[:1])
