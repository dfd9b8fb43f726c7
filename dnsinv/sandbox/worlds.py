"""Finding a world by its name."""

from datetime import date
from pathlib import Path

from dnsinv.errors import UsageError
from dnsinv.sandbox.world import World
from dnsinv.sandbox.worlds_company import CompanyWorld
from dnsinv.sandbox.worlds_dotgov import DotgovWorld
from dnsinv.sandbox.worlds_moj import MojWorld
from dnsinv.sandbox.worlds_synthetic import synthetic_world


def load_world(spec: str, last_day: date | None = None) -> World:
    """The world that a text names.

    `company` and `synthetic:ZONESxRECORDS[:SEED][:churn=PERCENT]` end on `last_day`; anything else
    is a directory of dotgov files (current-full or current-federal CSV, gov-zone) or of moj-dns
    snapshots, which bring their own days.

    Raises:
        UsageError: no such world, or one that needs a last day has none.
    """
    kind, _, size = spec.partition(":")
    if kind in ("company", "synthetic"):
        if last_day is None:
            raise UsageError(f"World {spec} needs the day on which it ends.")
        return CompanyWorld(last_day) if kind == "company" else synthetic_world(size, last_day)
    directory = Path(spec)
    if any(directory.glob("current-*.csv*")):
        return DotgovWorld(directory)
    if any(directory.glob("moj-recordsets.*.json.gz")):
        return MojWorld(directory)
    raise UsageError(
        f"{spec} is no world: use company, synthetic:ZONESxRECORDS, or a directory that holds"
        " current-full.DATE.csv or moj-recordsets.DATE.json.gz files."
    )
