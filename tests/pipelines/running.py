"""A whole installation as `dnsinv up` runs it, and a person who looks at its migrations."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from dnsinv.actions import migrate, migration_control, migration_request
from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.migration_request import File, Wishes
from dnsinv.domain.migrations import OPEN, Control, State
from dnsinv.migration.templates import builtin
from dnsinv.settings import Settings
from dnsinv.store import migrations
from dnsinv.store.migrations import Done, Migration
from dnsinv_pipelines import backfills
from dnsinv_pipelines.backfills import Seen

PATIENCE_SECONDS = 240.0
PERSON = Actor("person", "cli")
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH")  # no setting comes in from outside
WORKER = "Started process for run (pid: "


class Running:
    """One DB_PATH without accounts, its services, and its store and Dagster as they see them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        names = ("server_port", "dagster_port", "dagster_code_port")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.settings = Settings(db_path=root / "data", **ports)
        self.installation: Installation = open_with(self.settings)
        self._up: subprocess.Popen[str] | None = None
        self._drain: threading.Thread | None = None

    def start(self) -> None:
        """`dnsinv up`, until it says that every service answers."""
        outside = dict(os.environ)  # noqa: TID251 - handed on, nothing is read from it
        kept = {name: outside[name] for name in KEPT if name in outside}
        ports = {
            "SERVER_PORT": self.settings.server_port,
            "DAGSTER_PORT": self.settings.dagster_port,
            "DAGSTER_CODE_PORT": self.settings.dagster_code_port,
        }
        self._up = subprocess.Popen(
            [sys.executable, "-c", "from dnsinv.cli.main import main; main()", "up"],
            cwd=self.root,
            env={**kept, "DB_PATH": str(self.root / "data")}
            | {k: str(v) for k, v in ports.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._up.stdout
        said = []
        for line in self._up.stdout:
            said.append(line)
            if "The inventory is up" in line:
                break
        else:
            raise AssertionError("".join(said))
        self._drain = threading.Thread(target=self._up.stdout.read)  # it would stop at a full pipe
        self._drain.start()

    def kill_all(self) -> None:
        """Every process of the installation at once, as a power cut does."""
        assert self._up
        os.kill(self._up.pid, signal.SIGSTOP)  # it would start again what dies
        for pid in (*self.processes(), *self.processes()):
            kill(pid)
        self._forget()

    def stop(self) -> None:
        if self._up:
            self._up.terminate()
            self._forget()

    def close(self) -> None:
        self.stop()
        for pid in self.processes():
            kill(pid)
        self.installation.close()

    def processes(self) -> Iterator[int]:
        """Those that were started with this DB_PATH."""
        mark = f"DB_PATH={self.root / 'data'}\0".encode()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    if mark in (folder / "environ").read_bytes():
                        yield int(folder.name)
                except OSError:
                    continue  # it is another user's, or gone

    def submit(self, records: int, batch_size: int = 50) -> Migration:
        """A file of domains that nobody has, to be imported."""
        path = self.root / f"{records}-{time.monotonic_ns()}.json"
        rows = [
            {"domain": f"d{i:06}.{path.stem}.example", "status": "active"} for i in range(records)
        ]
        path.write_text(json.dumps(rows))
        file = File(path, path.name, "a test", path.stat().st_size)
        [template] = [each for each in builtin() if each.id == "godaddy-domains"]
        return migration_request.submit(
            self.installation, PERSON, file, template, Wishes(batch_size=batch_size)
        )

    def control(self, migration: Migration, asked: Control) -> Migration:
        return migration_control.control(self.installation, PERSON, migration.id, asked)

    def find(self, migration: Migration) -> Migration:
        return migrate.find(self.installation, migration.number)

    def done(self, migration: Migration) -> Done:
        with self.installation.store.read() as db:
            return migrations.done(db, migration.number)

    def until_state(self, migration: Migration, *states: State) -> Migration:
        until(lambda: self.find(migration).state in states, lambda: str(self.find(migration)))
        return self.find(migration)

    def until_ended(self, migration: Migration) -> Migration:
        """Also in Dagster."""
        until(lambda: self.find(migration).state not in OPEN, lambda: str(self.find(migration)))
        self.until_backfill(migration, lambda seen: not seen.is_active)
        return self.find(migration)

    def until_batches(self, migration: Migration, count: int) -> None:
        until(lambda: self.done(migration).committed >= count, lambda: str(self.find(migration)))

    def until_backfill(self, migration: Migration, condition: Callable[[Seen], bool]) -> Seen:
        """The backfill that the migration names, once there is one for which it is so."""

        def met() -> bool:
            seen = self.backfill(migration)
            return seen is not None and condition(seen)

        until(met, lambda: f"{self.find(migration)} {self.backfill(migration)}")
        found = self.backfill(migration)
        assert found
        return found

    def backfill(self, migration: Migration) -> Seen | None:
        with self.dagster() as instance:
            return backfills.find(instance, self.find(migration).backfill)

    def dagster(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.settings.dagster_home))

    def workers(self, migration: Migration) -> list[int]:
        """Processes that commit slices of it now."""
        started = dg.RunsFilter(
            tags={"dnsinv/migration": migration.id}, statuses=[dg.DagsterRunStatus.STARTED]
        )
        pids = []
        with self.dagster() as instance:
            for run in instance.get_runs(started):
                events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
                said = [
                    entry.dagster_event.message or "" for entry in events if entry.dagster_event
                ]
                pids += [
                    int(each.split(WORKER)[1].split(")")[0]) for each in said if WORKER in each
                ]
        return pids

    def _forget(self) -> None:
        assert self._up
        assert self._up.stdout
        self._up.wait()
        if self._drain:
            self._drain.join()
        self._up.stdout.close()
        self._up = self._drain = None


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], object], told: Callable[[], str] = str) -> None:
    """Wait for what must come true."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"it did not come true: {told()}"
        pause.wait(0.05)


def free_ports(count: int) -> list[int]:
    """Different ones, that nobody listens on."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in taken]
    for each in taken:
        each.close()
    return ports
