"""Running one measurement in a process of its own, so that its peak memory is its own.

    python -m bench.child MODULE:FUNCTION '{"argument": ...}'

The function's result, which must be JSON, comes back with the process's peak memory.
"""

import importlib
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Without the variable that would make Python compile every module at every start.
COMPILED = ("env", "-u", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function gave, and the most memory that its process held."""

    result: Any
    peak_mb: float


def measured(function: str, **arguments: Any) -> Outcome:
    """Run `MODULE:FUNCTION` in a fresh process.

    Raises:
        RuntimeError: it failed; the text is what it wrote to stderr.
    """
    call = [sys.executable, "-m", "bench.child", function, json.dumps(arguments, default=str)]
    done = subprocess.run([*COMPILED, *call], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{function} failed:\n{done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return Outcome(answer["result"], answer["peak_mb"])


def peak_mb() -> float:
    """The most memory this process has held so far, in MB.

    Linux lets getrusage start at the parent's size, /proc does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    result = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    print(json.dumps({"result": result, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    _main()
