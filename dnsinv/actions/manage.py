"""What a person decides: accounts and domains out of use, settings changed at run time."""

from dnsinv.actions.acting import Actor, acting
from dnsinv.actions.collect import derive
from dnsinv.actions.installation import Installation
from dnsinv.domain.names import canonical_name
from dnsinv.domain.permission import Right
from dnsinv.errors import BadSetting
from dnsinv.store import accounts, settings

_LISTED = """
    select name from domains where name = $name and removed_on is null
    union all
    select name from zones where name = $name
    limit 1
"""

RANGES = {
    settings.INTERVAL_MINUTES: (1, 7 * 24 * 60),
    settings.GUARD_SHARE: (0.01, 1),
    settings.GUARD_COUNT: (1, 1_000_000),
    settings.BACKUP_COUNT: (1, 1_000),
    settings.BACKUP_DAYS: (1, 3_650),
}


def account_lines(installation: Installation) -> list[str]:
    """One line per account, configured or known from before, in order of name."""
    configured = {account.name: account for account in installation.accounts}
    with installation.store.read() as db:
        known = {
            name: (provider, retired) for name, provider, retired in accounts.known_accounts(db)
        }
    lines = []
    for name in sorted(configured.keys() | known.keys()):
        provider = configured[name].provider if name in configured else known[name][0]
        retired = known[name][1] if name in known else None
        if retired is not None:
            state = f"retired on {retired.date()}"
        elif name not in configured:
            state = "no longer configured"
        else:
            state = configured[name].problem or "ready"
        lines.append(f"{name}  {provider}  {state}")
    return lines


def retire_account(installation: Installation, actor: Actor, name: str, is_retired: bool) -> None:
    """Take an account out of the current inventory, or back; its history stays.

    Raises:
        NotAllowed: the actor may not retire.
        BadSetting: it was never collected.
    """
    action = "account.retire" if is_retired else "account.restore"
    with acting(installation, actor, action, Right.RETIRE, name) as deed:
        if not accounts.retire_account(deed.db, name, deed.at if is_retired else None):
            raise BadSetting(
                f"No account {name!r} was ever collected; `dnsinv account list` shows them."
            )
    derive(installation)


def retire_domain(installation: Installation, actor: Actor, name: str, is_retired: bool) -> None:
    """Leave a domain out from the next collection on, whatever its provider lists, or take it back.

    The next collection of each account finds it removed, or listed again; nothing changes before.

    Raises:
        NotAllowed: the actor may not retire.
        BadName: it is not a DNS name.
        BadSetting: no account's last listing has it, or it is not retired.
    """
    domain = canonical_name(name)
    is_listed = bool(installation.lake.query(_LISTED, {"name": domain}))
    action = "domain.retire" if is_retired else "domain.restore"
    with acting(installation, actor, action, Right.RETIRE, domain) as deed:
        was_retired = domain in accounts.known_domains_retired(deed.db)
        if is_retired and not is_listed and not was_retired:
            raise BadSetting(
                f"No account's last listing has the domain {domain}; "
                f"`dnsinv export domains --search {domain}` shows what is like it."
            )
        if not is_retired and not was_retired:
            raise BadSetting(f"The domain {domain} is not retired.")
        if is_retired != was_retired:
            accounts.retire_domain(deed.db, domain, deed.at if is_retired else None)


def run_time_settings(installation: Installation) -> dict[str, float]:
    """The settings that may change while services run, as they are now."""
    with installation.store.read() as db:
        return {
            name: settings.number(db, name, float(getattr(installation.settings, name)))
            for name in RANGES
        }
