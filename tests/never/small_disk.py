"""Runs commands in processes whose disk is small, full or not writable.

    python -m tests.never.small_disk   a server: one JSON order a line in, one answer a line out

It forks a child for every command, because a limit on files is for good. With `unshare` it stands
in a mount namespace of its own, where a folder is a tmpfs of a few megabytes: nobody else sees it
but through /proc/PID/root, and it is gone with the process.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from dnsinv.cli.main import COMMANDS, cli, main

SIZE = 8 << 20


@dataclass(frozen=True)
class Order:
    """A command as typed, in a folder; `largest_file` limits what the process may write."""

    arguments: list[str]
    folder: str
    environment: dict[str, str] = field(default_factory=dict)
    largest_file: int = -1


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


class Machine:
    """The server's process, seen from the test. `disk` is the folder as the commands see it."""

    def __init__(self, folder: Path, *, has_small_disk: bool) -> None:
        self._folder = folder
        self.disk = folder / "disk"
        self.disk.mkdir()
        mount = f"mount -t tmpfs -o size={SIZE} tmpfs '{self.disk}' && exec \"$@\""
        small = ["unshare", "--mount", "sh", "-c", mount, "sh"] if has_small_disk else []
        self._process = subprocess.Popen(
            [*small, sys.executable, "-m", "tests.never.small_disk"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"
        outside = Path(f"/proc/{self._process.pid}/root")
        self.seen = outside / self.disk.relative_to("/") if has_small_disk else self.disk

    def run(self, order: Order) -> Ended:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(vars(order)) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        out, err = ((self._folder / name).read_text() for name in ("out", "err"))
        return Ended(code, out, err)

    def fill(self, free: int) -> None:
        """Leave so many bytes."""
        left = shutil.disk_usage(self.seen).free - free
        with (self.seen / "ballast").open("wb") as ballast:
            while left > 0:
                left -= ballast.write(bytes(min(left, 1 << 20)))

    def empty(self) -> None:
        """Give the room back."""
        (self.seen / "ballast").unlink(missing_ok=True)

    def remount(self, how: str) -> None:
        """Let the disk be `ro` or `rw`."""
        inside = ["nsenter", "--mount", f"--target={self._process.pid}"]
        subprocess.run([*inside, "mount", "-o", f"remount,{how}", self.disk], check=True)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def can_mount() -> bool:
    """Whether this user may have a disk of its own: root, and not in every container."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "mount"))):
        return False
    trial = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


# -- the server -----------------------------------------------------------------------------------


def command(order: Order) -> int:
    """Run it as the shell would; 70 for what should have been an error of ours."""
    os.chdir(order.folder)
    os.environ.update(order.environment)  # noqa: TID251 - it is the child's own
    for number, name in ((1, "out"), (2, "err")):
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
    if order.largest_file >= 0:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest_file, hard))
    sys.argv = ["dnsinv", *order.arguments]
    try:
        main()
    except SystemExit as done:
        return int(done.code or 0)
    except Exception:  # noqa: BLE001 - any of them is what the tests look for
        traceback.print_exc()
        return 70
    return 0


def serve() -> None:
    for name in COMMANDS:
        cli.commands.get(name)
    answers = os.fdopen(os.dup(1), "w")
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            code = 70
            try:
                code = command(Order(**json.loads(line)))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


if __name__ == "__main__":
    import dnsinv.cli.check
    import dnsinv.cli.collect  # noqa: F401 - once for all children

    serve()
