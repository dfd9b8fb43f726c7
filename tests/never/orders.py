"""Orders to children that a test lets die: a server that imports once and forks a child for each.

One JSON order a line comes in, one answer a line goes out when its child has ended.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Order = TypeVar("Order")


class Server:
    """The process of a module that serves, seen from the test."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def begin(self, order: Any) -> None:
        """Let a child run."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(vars(order)) + "\n")
        self._process.stdin.flush()

    def end(self) -> int:
        """Wait until it has ended; its exit code, negative for the signal that killed it."""
        assert self._process.stdout
        return int(json.loads(self._process.stdout.readline())["code"])

    def run(self, order: Any) -> int:
        self.begin(order)
        return self.end()

    def fileno(self) -> int:
        """For select: readable when the child has ended."""
        assert self._process.stdout
        return self._process.stdout.fileno()

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def serve(kind: Callable[..., Order], child: Callable[[Order], None]) -> None:
    """Have a child of its own do what each order of that kind says, until no more come."""
    for line in sys.stdin:
        order = kind(**json.loads(line))
        if (pid := os.fork()) == 0:
            code = 1
            try:
                child(order)
                code = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps({"code": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()
