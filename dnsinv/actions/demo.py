"""The demonstration: a month of a made-up company, collected day by day through the real engine."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from dnsinv.actions.collect import accounts_in_use, collect, derive
from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.actions.passwords import FIRST_NAME, first_administrator, matches
from dnsinv.errors import BadSetting
from dnsinv.sandbox.rates import Rate
from dnsinv.sandbox.server import Sandbox
from dnsinv.settings import Account, Settings
from dnsinv.store import accounts
from dnsinv.store.tables import users

DAYS = 30
MORNING = time(6, 0)
RATE = Rate(2000, 1)  # a month of collections in half a minute; the published limits take hours


@contextmanager
def demo_world(settings: Settings, today: date) -> Iterator[tuple[Sandbox, Settings]]:
    """The sandbox with its company, and settings whose accounts are there.

    Raises:
        BadSetting: DB_PATH holds other accounts; a demonstration must not mix with real data.
    """
    folder = settings.data_path / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dnsinv.toml"
    with Sandbox("company", day=today, rate=RATE) as sandbox:
        sandbox.write_account_file(config)
        ours = settings.model_copy(update={"dnsinv_config": config})
        installation = open_with(ours)
        try:
            with installation.store.begin() as db:
                known = {name for name, *_ in accounts.known_accounts(db)}
        finally:
            installation.close()
        foreign = sorted(known - {account.name for account in installation.accounts})
        if foreign:
            raise BadSetting(
                f"DB_PATH {settings.data_path} holds the account {foreign[0]}; a demo does "
                "not mix with it. Choose another folder: DB_PATH=./data-demo make demo"
            )
        yield sandbox, ours


def demo_sign_in(installation: Installation) -> str:
    """User and password of the made-up company's administrator, as long as nobody changed it.

    It is kept in a file beside the company's data: there is nothing real to protect, and a
    demonstration that nobody can get into again shows nothing.
    """
    path = installation.settings.data_path / "demo" / "sign-in"
    made = first_administrator(installation)
    if made is not None:
        path.touch(mode=0o600)
        given = installation.settings.admin_password.get_secret_value()
        path.write_text(f"{made.name} / {made.password or given}", encoding="utf-8")
    with installation.store.read() as db:
        kept = db.execute(
            select(users.c.password_hash).where(
                users.c.name_key == FIRST_NAME, users.c.ended_in.is_(None)
            )
        ).scalar_one_or_none()
    told = path.read_text(encoding="utf-8") if path.exists() else ""
    if matches(kept, told.partition(" / ")[2]):
        return told
    return "as before; a forgotten password: dnsinv user password NAME"


def missing_days(installation: Installation, today: date) -> list[date]:
    """Days of the last thirty not collected yet, oldest first; today is left to the services."""
    latest = min(
        (_last_day(installation, account) for account in accounts_in_use(installation)),
        default=today,
    )
    return [day for ago in range(DAYS, 0, -1) if (day := today - timedelta(days=ago)) > latest]


def _last_day(installation: Installation, account: Account) -> date:
    days = installation.lake.layout.days("zones", account.provider, account.name)
    return days[-1] if days else date.min


def replay(
    installation: Installation,
    sandbox: Sandbox,
    days: list[date],
    done: Callable[[date], None],
    stopping: threading.Event,
) -> None:
    """Collect the days one after another as if it were their morning, the accounts side by side.

    Raises:
        Interrupted: `stopping` was set; the next replay goes on with that day.
    """
    today, in_use = sandbox.day, accounts_in_use(installation)
    with ThreadPoolExecutor(max(1, len(in_use))) as pool:
        for day in days:
            sandbox.day = day
            clock = _clock_of(day)
            futures = [
                pool.submit(collect, installation, account.name, clock=clock, stopping=stopping)
                for account in in_use
                if _last_day(installation, account) <= day
            ]
            for future in futures:
                future.result()
            done(day)
    sandbox.day = today
    if days:
        derive(installation)


def _clock_of(day: date) -> Callable[[], datetime]:
    """A clock that starts in the morning of that day and runs on."""
    start, began = datetime.combine(day, MORNING, UTC), now()
    return lambda: start + (now() - began)
