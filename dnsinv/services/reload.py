"""Noticing that the project's own code has changed, for `make dev`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("dnsinv", "dnsinv_pipelines", "dnsinv_app")


@contextmanager
def code_changes(*, enabled: bool) -> Iterator[threading.Event | None]:
    """An event that is set when a *.py of the three packages changes; None where not enabled."""
    if not enabled:
        yield None
        return
    from watchfiles import PythonFilter, watch

    changed, over = threading.Event(), threading.Event()
    folders = [ROOT / name for name in PACKAGES]

    def follow() -> None:
        for _ in watch(*folders, watch_filter=PythonFilter(), stop_event=over):
            changed.set()

    watcher = threading.Thread(target=follow, name="reload", daemon=True)
    watcher.start()
    try:
        yield changed
    finally:
        over.set()
        watcher.join()
