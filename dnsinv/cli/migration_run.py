"""Running a migration in this process: a bar on the terminal, and Ctrl-C that breaks nothing."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dnsinv.actions import migrate
from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.actions.migrate import number_of
from dnsinv.actions.migration_reports import glance, progress
from dnsinv.actions.report import report_import
from dnsinv.cli import import_tables
from dnsinv.cli.main import log_to_file
from dnsinv.domain.migrations import SUCCESSFUL
from dnsinv.errors import DnsinvError
from dnsinv.services.signals import stop_on_signals

LOOKS_SECONDS = 0.25  # between looks at how far it is
_SUCCESSFUL = {state.value for state in SUCCESSFUL}


class Stopped(Exception):
    """Told to end; nothing is half done."""


def run_here(installation: Installation, actor: Actor, reference: str) -> bool:
    """Do what is left of a migration, tell which it is and what came of it; whether it completed.

    Raises:
        Busy, LakeError, StoreError: as migrate.run; it can be resumed.
    """
    log_to_file(installation.settings.data_path / "logs", installation.settings.log_level)
    number = number_of(reference)
    was_stopped = False
    with stop_on_signals() as stopping:
        # Not before: whoever reads its id may stop it, and is told how it goes on.
        name = glance(installation, actor, reference)["name"]
        click.echo(f"Migration {reference}: {name}", err=True)

        def wait(seconds: float) -> None:
            if stopping.wait(seconds):
                raise Stopped

        with _Following(installation, actor, reference):
            try:
                migrate.run(installation, number, wait)
            except Stopped:
                was_stopped = True
            except DnsinvError:
                click.echo(_resumable(reference), err=True)
                raise
    told = progress(installation, actor, reference)
    if was_stopped:
        done = f"{told['committed_batches']:,} of {told['batches']:,} batches"
        click.echo(f"Stopped with {done} committed. {_resumable(reference)}", err=True)
        return False
    report_import(installation, reference)
    import_tables.show_progress(told)
    return told["state"] in _SUCCESSFUL


def _resumable(reference: str) -> str:
    return f"`dnsinv migration resume {reference} --here` goes on from there."


class _Following:
    """A bar that follows the ledger for as long as the block runs; nothing without a terminal."""

    def __init__(self, installation: Installation, actor: Actor, reference: str) -> None:
        self._look: Callable[[], dict[str, Any]] = partial(glance, installation, actor, reference)
        self._over = threading.Event()
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description:24}"),
            BarColumn(),
            TextColumn("{task.fields[rows]}"),
            TextColumn("{task.fields[batches]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("pending", total=None, rows="", batches="", left="")
        self._thread = threading.Thread(target=self._follow, name="progress")

    def __enter__(self) -> None:
        self._bars.start()
        if not self._bars.disable:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if not self._bars.disable:
            self._thread.join()
        self._bars.stop()

    def _follow(self) -> None:
        while True:
            is_last = self._over.wait(LOOKS_SECONDS)
            with suppress(DnsinvError):  # the store is busy; the next look tells
                self._bars.update(self._task, **_shown(self._look()))
            if is_last:
                return


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    """What the bar says of a progress."""
    if not told["batches"]:
        return {"description": told["state"], "rows": f"{told['items']:,} items read"}
    pace, left = told["rows_per_second"], told["eta_seconds"]
    return {
        "description": told["state"],
        "total": told["rows"],
        "completed": told["committed_rows"],
        "rows": f"{told['committed_rows']:,}/{told['rows']:,} rows",
        "batches": f"{told['committed_batches']:,}/{told['batches']:,} batches",
        "left": f"{pace:,.0f} rows/s, {left:,} s left" if pace and left is not None else "",
    }
