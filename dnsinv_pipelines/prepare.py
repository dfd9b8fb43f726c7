"""First of all services: `python -m dnsinv_pipelines.prepare` makes DAGSTER_HOME ready and ends.

A fresh SQLite storage that three processes open at once races on CREATE TABLE, so it is made here,
alone. Partitions and materialisations that the lake has and Dagster does not know are told to it.
"""

import shutil
import sys
from pathlib import Path

import dagster as dg

from dnsinv.actions.installation import Installation, now, open_installation
from dnsinv.errors import DnsinvError, LakeError
from dnsinv_pipelines import catalog

CONFIG = Path(__file__).resolve().parent.parent / "dagster.yaml"


def prepare(opened: Installation) -> None:
    """Copy dagster.yaml, make Dagster's storage, and tell it what the lake holds.

    Raises:
        LakeError: DAGSTER_HOME is not writable.
    """
    home = opened.settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CONFIG, home / "dagster.yaml")
    except OSError as error:
        raise LakeError(
            f"DAGSTER_HOME {home} is not writable: {error.strerror}; check DB_PATH."
        ) from error
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        catalog.apply(catalog.difference(opened, instance, now().date()), instance)


def main() -> int:
    try:
        opened = open_installation()
        try:
            prepare(opened)
        finally:
            opened.close()
    except DnsinvError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
