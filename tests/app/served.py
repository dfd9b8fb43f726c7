"""The web side as it is run: its own process on a free port, with people of every role."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.passwords import set_password
from dnsinv.settings import Settings
from tests.app.conftest import make_user, signed_in

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
PASSWORD = "correct horse"
OPERATOR = Actor("operator", "cli")


@dataclass
class Served:
    """A running server and the installation behind it."""

    address: str
    installation: Installation
    log: Path

    def cookie(self, name: str, role: str = "viewer") -> str:
        """The Cookie header of a new session of that user, made where there is none."""
        return signed_in(self.installation, name, role)

    def user(self, name: str, role: str = "viewer", password: str = PASSWORD) -> None:
        """A user with a password."""
        make_user(self.installation, name, role)
        set_password(self.installation, OPERATOR, name, password)


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Served]:
    """`python -m dnsinv_app.server` on the data in that folder, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {
        "DB_PATH": str(folder / "data"),
        "SERVER_PORT": str(port),
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    log = folder / "server.log"
    command = [
        "env",
        *(f"--unset={name.upper()}" for name in Settings.model_fields),
        *(f"{name}={value}" for name, value in told.items()),
        *(sys.executable, "-m", "dnsinv_app.server"),
    ]
    with (
        log.open("w") as lines,
        subprocess.Popen(command, cwd=folder, stdout=lines, stderr=lines) as server,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(server, address, log)
            installation = open_with(
                Settings(db_path=folder / "data", server_port=port, database_url="")
            )
            yield Served(address, installation, log)
            installation.close()
        finally:
            server.terminate()
            server.wait(DEADLINE)


def _wait_for(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    pause, deadline = threading.Event(), time.monotonic() + DEADLINE
    while server.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(f"{address}/healthz", trust_env=False)
        except httpx.TransportError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError(log.read_text())
