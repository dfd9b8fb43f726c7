"""Which account and day, or which slice of a migration, a partition stands for.

The keys of accounts and days are dynamic, one per account and day: those days on which an account
was observed, and today for every account in use. A grid of all accounts by all days since some
first one would show thousands of partitions as missing (days before an account's first, days
without a collection) that nobody can ever mend, because a past day is never collected again; and
the UI's "materialize missing" would offer to try. What is missing here can be collected now, and
nothing else is.

In the UI's partition field `*/2026-11-23` selects a day of all accounts, `cloudflare/2026-11-*` a
month of one, and `[cloudflare/2026-11-01...godaddy/2026-11-30]` a range of days of all (keys are in
order of day, then account). The slash is there because the field takes it without quotation marks.

Those of migrations, such as m000001:0, are added when a migration is staged, and go when it has
ended long ago.
"""

from collections.abc import Iterable
from datetime import date

import dagster as dg

from dnsinv.domain.migrations import migration_id, migration_number
from dnsinv.errors import BadSetting

account_days = dg.DynamicPartitionsDefinition(name="account_days")
slices_of_migrations = dg.DynamicPartitionsDefinition(name="migration_slices")


def partition_key(account: str, day: date) -> str:
    return f"{account}/{day}"


def account_and_day(key: str) -> tuple[str, date]:
    """What a partition key stands for.

    Raises:
        BadSetting: it is not one of ours; a person can add any key in Dagster's dialog.
    """
    account, _, day = key.partition("/")
    try:
        return account, date.fromisoformat(day)
    except ValueError:
        raise BadSetting(
            f"{key!r} is not a partition of an account and a day, such as cloudflare/2026-11-23."
        ) from None


def is_ours(key: str) -> bool:
    """Whether a key is one that `partition_key` makes."""
    try:
        return partition_key(*account_and_day(key)) == key
    except BadSetting:
        return False


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys of ours by day, then account."""
    return sorted(keys, key=lambda key: account_and_day(key)[::-1])


def slice_key(migration: int, number: int) -> str:
    return f"{migration_id(migration)}:{number}"


def migration_and_slice(key: str) -> tuple[int, int]:
    """The numbers of the migration and the slice that a partition key stands for.

    Raises:
        BadSetting: it is not one of ours.
    """
    migration, _, number = key.partition(":")
    found = migration_number(migration)
    if found is None or not number.isascii() or not number.isdigit():
        raise BadSetting(
            f"{key!r} is not a partition of a migration and a slice, such as m000001:0."
        )
    return found, int(number)
