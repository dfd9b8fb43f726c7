"""Restores in processes that are killed at a step of one's choice.

    python -m tests.core.killed_restore     a server: one JSON order a line in, one answer a line out

Forks a child for every order. A step is the n-th time that a line of what restores and of what it
calls is reached, or that a file is opened for writing, renamed, removed. No hook is in the product.
"""

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from dnsinv.actions.restore import restore
from dnsinv.lake.readmodel import build_read_model
from dnsinv.store.database import upgrade
from tests.core.filled import ROOT, settings_of
from tests.never.killing import PRODUCT, Steps
from tests.never.orders import serve

NAMES = (
    "actions/restore.py",
    "actions/restoring.py",
    "actions/backup_file.py",
    "actions/backup_folder.py",
    "actions/installation.py",
    "lake/archive.py",
    "lake/freeze.py",
    "lake/readmodel.py",
    "store/dump.py",
)
TRACED = frozenset(str(PRODUCT / name) for name in NAMES)
NAMED_ANEW = re.compile(
    r"[0-9]{8}T[0-9]{6,}Z?|[0-9a-f]{16}"
)  # parts of names that differ each time
LOADED = (build_read_model, upgrade)  # imported once, for all children


@dataclass(frozen=True)
class Order:
    """Restore `backup` into `root` and die at `step`.

    `steps` is where to write how often each name was passed and, in order, the steps at which the
    disk was another than before.
    """

    root: str
    backup: str
    url: str = ""
    step: str = ""
    steps: str = ""


class RestoreSteps(Steps):
    def _pass(self, name: str) -> None:
        super()._pass(NAMED_ANEW.sub("*", name))

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        return self._on_line if frame.f_code.co_filename in TRACED else None


def child(order: Order) -> None:
    steps = RestoreSteps(order.root, order.step)
    with steps.watched() if order.step or order.steps else nullcontext():
        restore(settings_of(Path(order.root), order.url), ROOT, Path(order.backup))
    if order.steps:
        Path(order.steps).write_text(json.dumps([steps.passed, steps.telling]))


if __name__ == "__main__":
    serve(Order, child)
