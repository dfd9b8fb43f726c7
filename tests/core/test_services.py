"""The supervisor with small real child processes on free ports."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dnsinv.errors import ServiceError
from dnsinv.services import logs, reload
from dnsinv.services.guardian import Guardian
from dnsinv.services.reload import code_changes
from dnsinv.services.service import Patience, Service, check_ports
from dnsinv.services.signals import stop_on_signals
from dnsinv.services.standard import environment_of, standard_services
from dnsinv.services.supervisor import Supervisor, run_services
from dnsinv.settings import Settings, load_settings

PYTHON = (sys.executable, "-S", "-E")  # without site-packages: it starts in half the time
DEADLINE = 30.0  # nothing here takes a second; a slow machine may
HASTE = Patience(first=0.01, longest=0.02, settled=60.0, gives_up_after=3)

# A service that notes its start and its orderly stop in a journal; with a port it listens there, "deaf" ones ignore
# SIGTERM, "parent" ones start another process that does so.
CHILD = """
import os, signal, socket, subprocess, sys, threading
name, port, journal, *traits = sys.argv[1:]
def note(what, pid):
    with open(journal, "a") as lines:
        lines.write(f"{what} {name} {pid}\\n")
def stop(*_):
    note("stopped", os.getpid())
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in traits else stop)
if "parent" in traits:
    started = subprocess.Popen([sys.executable, "-S", "-c", "import threading; threading.Event().wait()"])
    note("born", started.pid)
if int(port):
    listening = socket.create_server(("127.0.0.1", int(port)))
note("started", os.getpid())
print("ready to serve", flush=True)
threading.Event().wait()
"""

HTTP_CHILD = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
HTTPServer(("127.0.0.1", int(sys.argv[1])), BaseHTTPRequestHandler).serve_forever()
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(condition: Callable[[], object]) -> None:
    """Wait for what must come true."""
    pause, deadline = threading.Event(), time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        pause.wait(0.01)


def is_running(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


class House:
    """One DB_PATH, its journal, and a run of its services in a thread."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings(db_path=root / "data")
        self.journal = root / "journal"
        self.stopping = threading.Event()
        self.said: list[str] = []
        self.error: ServiceError | None = None
        self.is_ready = threading.Event()
        self._thread: threading.Thread | None = None

    def service(self, name: str, *traits: str, port: int | None = None, **facts: Any) -> Service:
        chosen = free_port() if port is None else port
        command = (*PYTHON, "-c", CHILD, name, str(chosen), str(self.journal), *traits)
        return Service(
            name, command, port=chosen, port_setting=f"{name.upper()}_PORT", patience=HASTE, **facts
        )

    def step(self, name: str, code: str) -> Service:
        return Service(name, (*PYTHON, "-c", code), is_step=True)

    def up(self, *services: Service, is_ready: bool = True) -> None:
        def run() -> None:
            try:
                run_services(
                    self.settings,
                    services,
                    stopping=self.stopping,
                    echo=self.said.append,
                    ready=self.is_ready.set,
                )
            except ServiceError as error:
                self.error = error

        self._thread = threading.Thread(target=run)
        self._thread.start()
        if is_ready:
            until(lambda: self.is_ready.is_set() or self.error)
            assert self.error is None, str(self.error)

    def down(self) -> None:
        self.stopping.set()
        self.wait()

    def wait(self) -> None:
        if self._thread:
            self._thread.join(DEADLINE)
            assert not self._thread.is_alive()

    def notes(self) -> list[tuple[str, str, int]]:
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [(what, name, int(pid)) for what, name, pid in map(str.split, lines)]

    def pids(self, what: str, name: str) -> list[int]:
        return [pid for noted, of, pid in self.notes() if (noted, of) == (what, name)]

    def is_empty(self) -> bool:
        return not any(is_running(pid) for _, _, pid in self.notes())

    def log(self, name: str) -> str:
        return (self.settings.data_path / "logs" / f"{name}.log").read_text()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.down()


def test_services_start_in_order_and_stop_in_reverse(house: House) -> None:
    house.up(
        house.step("prepare", "print('made')"),
        house.service("one"),
        house.service("two"),
        house.service("three"),
    )
    house.down()

    assert house.error is None
    assert [(what, name) for what, name, _ in house.notes()] == [
        ("started", "one"), ("started", "two"), ("started", "three"),
        ("stopped", "three"), ("stopped", "two"), ("stopped", "one"),
    ]  # fmt: skip
    assert house.is_empty()
    assert (house.log("prepare"), house.log("two")) == ("made\n", "ready to serve\n")
    assert house.said[0] == "Starting prepare."
    assert house.said[-1] == "Stopping one."


def test_a_service_is_ready_when_it_answers_over_http(house: House) -> None:
    port = free_port()
    house.up(
        Service("app", (*PYTHON, "-c", HTTP_CHILD, str(port)), port=port, ready_path="/healthz")
    )
    assert f"app answers on 127.0.0.1:{port}." in house.said


def test_a_taken_port_is_said_before_anything_starts(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        house.up(house.service("one"), house.service("app", port=port), is_ready=False)
        house.wait()

    assert (
        str(house.error)
        == f"Port {port} of app is taken by another program; free it, or set APP_PORT to another one. Nothing was started."
    )
    assert house.said == []
    assert house.notes() == []


def test_two_services_on_one_port_are_refused() -> None:
    port = free_port()
    services = [
        Service(name, (), port=port, port_setting=f"{name.upper()}_PORT")
        for name in ("app", "webserver")
    ]
    with pytest.raises(
        ServiceError,
        match=f"App and webserver are both set to port {port}: change APP_PORT or WEBSERVER_PORT",
    ):
        check_ports(services)


def test_a_second_run_on_the_same_data_is_refused(house: House, tmp_path: Path) -> None:
    house.up(house.service("one"))
    second = House(tmp_path)
    second.up(second.service("two"), is_ready=False)
    second.wait()

    assert f"running already (process {os.getpid()})" in str(second.error)
    assert house.pids("started", "two") == []


def test_a_step_that_fails_ends_the_run_and_its_last_words_are_quoted(house: House) -> None:
    house.up(
        house.service("one"),
        house.step("reaper", "import sys; print('no storage'); sys.exit(3)"),
        is_ready=False,
    )
    house.wait()

    assert str(house.error).startswith("The reaper ended with exit code 3. Its log ")
    assert str(house.error).endswith("reaper.log ends:\nno storage")
    assert house.is_empty()


def test_a_service_that_never_comes_up_is_named_with_its_last_words(house: House) -> None:
    broken = Service(
        "daemon", (*PYTHON, "-c", "print('cannot import'); raise SystemExit(1)"), port=free_port()
    )
    house.up(house.service("one"), broken, is_ready=False)
    house.wait()

    assert str(house.error).startswith("The daemon ended with exit code 1.")
    assert str(house.error).endswith("\ncannot import")
    assert house.is_empty()


def test_a_service_that_does_not_answer_in_time_is_ended(house: House) -> None:
    silent = house.service("webserver", port=0)
    house.up(
        Service(
            "webserver",
            silent.command,
            port=free_port(),
            port_setting="DAGSTER_PORT",
            ready_within=0.5,
        ),
        is_ready=False,
    )
    house.wait()

    assert "does not answer on 127.0.0.1:" in str(house.error)
    assert "(DAGSTER_PORT) after 0.5 s" in str(house.error)
    assert house.is_empty()


def test_a_command_that_does_not_exist_is_said(house: House) -> None:
    house.up(Service("app", ("/nowhere/to/be/found",), port=free_port()), is_ready=False)
    house.wait()
    assert "exit code 127" in str(house.error)


def test_a_killed_service_is_restarted(house: House) -> None:
    house.up(house.service("one"), house.service("two"))
    os.kill(house.pids("started", "one")[0], signal.SIGKILL)
    until(lambda: len(house.pids("started", "one")) == 2)
    until(lambda: sum("one answers" in sentence for sentence in house.said) == 2)

    assert "one was ended by SIGKILL; it is restarted in 0.01 s." in house.said
    assert len(house.pids("started", "two")) == 1
    house.down()
    assert house.is_empty()


def test_a_service_that_dies_again_and_again_is_given_up(house: House) -> None:
    house.up(
        house.service("one"),
        Service("daemon", (*PYTHON, "-c", "print('no luck')"), patience=HASTE),
        is_ready=False,
    )
    house.wait()

    assert (
        "The daemon ended with exit code 0, 3 times in a row now, and is given up. Its log"
        in str(house.error)
    )
    assert str(house.error).endswith("\nno luck")
    assert house.is_empty()


def test_each_quick_death_doubles_the_wait_up_to_a_bound() -> None:
    assert [Patience().delay(deaths) for deaths in (1, 2, 3, 4, 5, 6, 9)] == [
        1,
        2,
        4,
        8,
        16,
        30,
        30,
    ]


def test_a_stop_ends_what_services_have_started_too(house: House) -> None:
    house.up(house.service("code", "parent"))
    (born,) = house.pids("born", "code")
    assert is_running(born)
    house.down()
    assert house.is_empty()


def test_what_a_killed_service_has_started_goes_on_and_is_ended_with_the_rest(house: House) -> None:
    house.up(house.service("code", "parent"))
    (born,) = house.pids("born", "code")
    os.kill(house.pids("started", "code")[0], signal.SIGKILL)
    until(lambda: len(house.pids("started", "code")) == 2)

    assert is_running(born)
    house.down()
    assert house.is_empty()


def test_a_service_that_ignores_the_order_to_stop_is_killed(house: House) -> None:
    house.up(house.service("app", "deaf", stop_within=0.2))
    house.down()
    assert house.is_empty()
    assert house.said[-1] == "app did not stop in time and was killed."


def test_an_order_to_stop_during_the_start_is_followed(house: House) -> None:
    house.up(
        house.step("prepare", "import threading; threading.Event().wait()"),
        house.service("one"),
        is_ready=False,
    )
    until(lambda: house.said)
    house.down()
    assert house.error is None
    assert house.notes() == []


def test_a_closed_terminal_does_not_keep_services_from_stopping(house: House) -> None:
    def closed(_: str) -> None:
        raise BrokenPipeError

    stopping = threading.Event()
    run_services(
        house.settings, [house.service("one")], stopping=stopping, echo=closed, ready=stopping.set
    )
    assert house.pids("stopped", "one")


def test_services_write_bytecode_whatever_the_shell_says(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("INHERITED", "yes")
    code = "import os; print(os.environ.get('PYTHONDONTWRITEBYTECODE'), os.environ['INHERITED'], os.environ['ADDED'])"
    house.up(Service("prepare", (*PYTHON, "-c", code), {"ADDED": "too"}, is_step=True))
    assert house.log("prepare") == "None yes too\n"


# -- when the supervisor itself ends --------------------------------------------------------------

RUN = """
import signal
import sys
from pathlib import Path
from dnsinv.services.signals import stop_on_signals
from dnsinv.services.supervisor import run_services
from tests.core.test_services import House
house = House(Path(sys.argv[1]))
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would stay ignored
with stop_on_signals() as stopping:
    run_services(house.settings, [house.service("one", "parent"), house.service("two")], stopping=stopping, echo=house.said.append)
"""


@pytest.fixture
def run(house: House, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor in a process of its own, its services started."""
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], cwd=root) as process:
        until(lambda: house.pids("started", "two") or process.poll() is not None)
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_and_the_program_ends_well(
    house: House, run: subprocess.Popen[bytes], number: int
) -> None:
    run.send_signal(number)
    assert run.wait(DEADLINE) == 0
    assert [name for what, name, _ in house.notes() if what == "stopped"] == ["two", "one"]
    assert house.is_empty()


def test_nothing_is_left_when_the_supervisor_is_killed(
    house: House, run: subprocess.Popen[bytes]
) -> None:
    run.kill()
    run.wait()
    until(house.is_empty)
    assert [name for what, name, _ in house.notes() if what == "stopped"] == ["two", "one"]


def test_the_next_run_waits_until_a_killed_one_is_cleaned_away(
    house: House, run: subprocess.Popen[bytes]
) -> None:
    before = [pid for _, _, pid in house.notes()]
    run.kill()
    run.wait()
    house.up(house.service("three"))
    assert not any(is_running(pid) for pid in before)


def test_a_killed_guardian_is_replaced_and_the_new_one_knows_every_service(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock, Guardian(lock.fileno()) as guardian:
        service = subprocess.Popen(
            [sys.executable, "-S", "-c", "import threading; threading.Event().wait()"],
            start_new_session=True,
        )
        ending = threading.Thread(target=service.wait)
        ending.start()
        guardian.watch(service.pid)
        first = guardian.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: not is_running(first))
        guardian.keep()
        assert guardian.pid != first
    ending.join(DEADLINE)
    assert service.returncode == -signal.SIGTERM


def test_the_first_signal_sets_the_event_and_the_handling_is_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stopping:
        signal.raise_signal(signal.SIGTERM)
        assert stopping.wait(DEADLINE)
    assert signal.getsignal(signal.SIGTERM) is before


# -- logs, reload, and what `up` runs -------------------------------------------------------------


def test_a_large_log_is_put_aside_when_its_service_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 10)
    path = tmp_path / "logs" / "app.log"
    assert logs.rotate(path) == 0
    for text in ("a" * 10, "b" * 10, "c" * 10, "d" * 10):
        path.write_text(text)
        assert logs.rotate(path) == 0
    path.write_text("short")
    assert logs.rotate(path) == 5
    assert {file.name: file.read_text()[0] for file in path.parent.iterdir()} == {
        "app.log": "s",
        "app.log.1": "d",
        "app.log.2": "c",
        "app.log.3": "b",
    }


def test_only_lines_of_this_start_are_quoted(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("old\n")
    start = logs.rotate(path)
    path.write_text("old\n" + "\n".join(f"line {number}\n" for number in range(20)))
    assert logs.last_lines(path, start).splitlines() == [
        f"line {number}" for number in range(8, 20)
    ]


def test_changed_code_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "ROOT", tmp_path)
    for name in reload.PACKAGES:
        (tmp_path / name).mkdir()
    with code_changes(enabled=True) as changed:
        assert changed

        def is_noticed() -> bool:
            (tmp_path / "dnsinv" / "lake.py").write_text("changed = True\n")
            return changed.wait(0.2)

        until(is_noticed)


def test_services_that_reload_start_anew_and_wait_for_the_next_change_when_the_code_is_broken(
    house: House, tmp_path: Path
) -> None:
    code = tmp_path / "code.py"
    code.write_text(CHILD)
    command = (*PYTHON, str(code), "code", "0", str(house.journal))
    service = Service("code", command, reloads=True, patience=HASTE)
    changed, stopping, said = threading.Event(), threading.Event(), list[str]()
    with (tmp_path / "lock").open("w") as lock, Guardian(lock.fileno()) as guardian:
        supervisor = Supervisor(
            [service, house.service("app")],
            tmp_path / "logs",
            guardian,
            said.append,
            stopping,
            changed,
        )
        running = threading.Thread(target=supervisor.run, args=(None,))
        running.start()
        until(lambda: house.pids("started", "code") and house.pids("started", "app"))
        code.write_text("this is no Python\n")
        changed.set()
        until(
            lambda: "code ended with exit code 1; it waits for the next change of the code." in said
        )
        code.write_text(CHILD)
        changed.set()
        until(lambda: len(house.pids("started", "code")) == 2)
        stopping.set()
        running.join(DEADLINE)
    assert len(house.pids("started", "app")) == 1
    assert house.is_empty()


def test_up_runs_storage_code_server_reaper_daemon_webserver_and_app() -> None:
    settings = Settings(server_port=8081, dagster_port=3001, dagster_code_port=4001)
    services = standard_services(settings)
    assert [(service.name, service.port_setting, service.port) for service in services] == [
        ("prepare", "", 0),
        ("code-server", "DAGSTER_CODE_PORT", 4001),
        ("reaper", "", 0),
        ("daemon", "", 0),
        ("webserver", "DAGSTER_PORT", 3001),
        ("app", "SERVER_PORT", 8081),
    ]
    assert all(service.environment == environment_of(settings) for service in services)


def test_services_read_the_settings_that_up_was_given_and_no_secret_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "top secret")
    monkeypatch.setenv("GUARD_SHARE", "0.5")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////elsewhere/store.db")
    settings = load_settings(Path("accounts.toml")).model_copy(
        update={"db_path": Path("demo"), "database_url": "", "server_port": 8081}
    )
    environment = environment_of(settings)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    read = load_settings()

    assert "top secret" not in environment.values()
    assert environment["DAGSTER_HOME"] == str(tmp_path / "demo" / "dagster")
    assert (read.data_path, read.store_url) == (settings.data_path, settings.store_url)
    assert read.dnsinv_config == tmp_path / "accounts.toml"
    assert (read.server_port, read.guard_share, read.address) == (
        8081,
        0.5,
        "http://localhost:8081",
    )
