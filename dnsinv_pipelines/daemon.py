"""Dagster's daemon, backfills in a hurry: `python -m dnsinv_pipelines.daemon -w workspace.yaml`.

The stock loop looks every 30 s, a constant without a setting, so each step of a backfill would take
half a minute. The constant is a private name: Dagster is pinned, a test holds on to the name, and
where it is gone the stock loop runs, with a warning.
"""

import logging
import sys

log = logging.getLogger(__name__)

LOOP_SECONDS = 1
CONSTANT = "DEFAULT_DAEMON_INTERVAL_SECONDS"


def quicken(module: object) -> bool:
    """Shorten the loop in dagster._daemon.controller; False where the constant is not there."""
    if not isinstance(getattr(module, CONSTANT, None), int):
        log.warning(
            "This version of Dagster has no %s: backfills go on at its own pace, every 30 s.",
            CONSTANT,
        )
        return False
    setattr(module, CONSTANT, LOOP_SECONDS)
    return True


def main() -> None:
    from dagster._daemon import cli, controller

    quicken(controller)
    cli.cli(args=["run", *sys.argv[1:]], prog_name="dnsinv-daemon", obj={})


if __name__ == "__main__":
    main()
