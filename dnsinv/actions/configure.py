"""Settings that may change while services run: reading and changing them through a door."""

from collections.abc import Mapping

from dnsinv.actions.acting import Actor, acting, allow
from dnsinv.actions.installation import Installation
from dnsinv.actions.manage import RANGES, run_time_settings
from dnsinv.domain.permission import Right
from dnsinv.errors import BadSetting
from dnsinv.store import settings


def settings_now(installation: Installation, actor: Actor) -> dict[str, float]:
    """Every run-time setting as it is now.

    Raises:
        NotAllowed: the actor may not read.
    """
    allow(installation, actor, Right.READ)
    return run_time_settings(installation)


def change_settings(
    installation: Installation, actor: Actor, values: Mapping[str, float]
) -> dict[str, float]:
    """Change some of them, all or none, for every service from now on; all as they are then.

    Raises:
        NotAllowed: the actor may not change settings.
        BadSetting: there is no such setting, or a value is out of its range.
    """
    for name, value in values.items():
        _refuse_out_of_range(name, value)
    before = run_time_settings(installation)
    subject = ", ".join(sorted(values))
    with acting(installation, actor, "setting.change", Right.CHANGE_SETTINGS, subject) as deed:
        for name, value in sorted(values.items()):
            settings.change(deed.db, name, value, deed.at)
        deed.details = {
            name: {"before": before[name], "after": value} for name, value in values.items()
        }
    return run_time_settings(installation)


def _refuse_out_of_range(name: str, value: float) -> None:
    """Let pass a value that the setting can have.

    Raises:
        BadSetting: there is no such setting, or the value is out of its range.
    """
    if name not in RANGES:
        raise BadSetting(f"There is no run-time setting {name!r}; there are: {', '.join(RANGES)}.")
    low, high = RANGES[name]
    if not low <= value <= high:
        raise BadSetting(f"{name} must be between {low} and {high}, not {value:g}.")
