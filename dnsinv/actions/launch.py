"""Starting collections under Dagster: the same jobs as its sensor's, one run per account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dnsinv.actions.acting import Actor, allow, note
from dnsinv.actions.collect import accounts_in_use
from dnsinv.actions.installation import Installation, credential_id, now, usable
from dnsinv.dagster_api import Launch, launch, run_address
from dnsinv.domain.names import canonical_name
from dnsinv.domain.permission import Right
from dnsinv.errors import BadSetting, Conflict, NotThere, ServiceError
from dnsinv.settings import Account
from dnsinv.store.accounts import retired_accounts

Job = Literal["collect", "collect_lists", "collect_domain"]


@dataclass(frozen=True, slots=True)
class Started:
    """A run that Dagster took; it may still wait for another one of the same credential."""

    account: str
    run_id: str
    address: str


def collect_lists(
    installation: Installation, actor: Actor, account: str | None = None
) -> list[Started]:
    """List the domains of one account, or of every one, without reading a zone.

    Raises:
        NotAllowed, NotThere, Conflict, BadSetting: as collect_records.
        ServiceError: Dagster does not answer or does not take a run.
    """
    allow(installation, actor, Right.COLLECT)
    return _start(installation, actor, "collect_lists", _accounts(installation, account))


def collect_records(
    installation: Installation, actor: Actor, account: str | None = None, domain: str | None = None
) -> list[Started]:
    """Read the zones of one account or of every one, or the zone of one domain.

    Without an account, a domain is read wherever it has or had a zone.

    Raises:
        NotAllowed: the actor may not collect.
        NotThere: no account of that name, or none that is known to hold the domain.
        Conflict: the account is retired.
        BadName: not a DNS name.
        BadSetting: no account, or not this one, has a credential.
        ServiceError: Dagster does not answer or does not take a run.
    """
    allow(installation, actor, Right.COLLECT)
    chosen = _accounts(installation, account)
    if domain is None:
        return _start(installation, actor, "collect", chosen)
    name = canonical_name(domain)
    if account is None:
        chosen = _holders(installation, name, chosen)
    return _start(installation, actor, "collect_domain", chosen, name)


def _accounts(installation: Installation, name: str | None) -> list[Account]:
    if name is None:
        if in_use := accounts_in_use(installation):
            return in_use
        raise BadSetting(
            "No account can be collected: set CLOUDFLARE_API_TOKEN or GODADDY_API_TOKEN, "
            "or write a dnsinv.toml (docs/settings.md)."
        )
    try:
        found = installation.account(name)
    except BadSetting as error:
        raise NotThere(str(error)) from None
    with installation.store.begin() as db:
        if name in retired_accounts(db):
            raise Conflict(
                f"The account {name} is retired; `dnsinv account restore {name}` "
                "takes it back into use."
            )
    return [usable(found)]


def _holders(installation: Installation, domain: str, among: Sequence[Account]) -> list[Account]:
    """The accounts that have, or had, a zone of that name."""
    rows = installation.lake.query(
        "select distinct account from zones where name = $name", {"name": domain}
    )
    holders = {row[0] for row in rows}
    found = [account for account in among if account.name in holders]
    if not found:
        raise NotThere(f"No account is known to hold {domain}; collect the accounts first.")
    return found


def _start(
    installation: Installation,
    actor: Actor,
    job: Job,
    accounts: Sequence[Account],
    domain: str = "",
) -> list[Started]:
    """Start one run per account; what was started is written down, however it ends."""
    day, address = now().date(), installation.settings.dagster_address
    config = {"ops": {"snapshots": {"config": {"domain": domain}}}} if domain else {}
    started: list[Started] = []
    try:
        for account in accounts:
            tags = {
                "dnsinv/kind": "collection",
                "dnsinv/account": account.name,
                "dnsinv/credential": credential_id(account),
                "dnsinv/started_by": actor.name,
                "dagster/max_retries": "2",
            }
            run = launch(address, Launch(job, f"{account.name}/{day}", config, tags))
            started.append(Started(account.name, run, run_address(address, run)))
    except ServiceError as error:
        _note(installation, actor, job, domain, started, str(error))
        raise
    _note(installation, actor, job, domain, started)
    return started


def _note(
    installation: Installation,
    actor: Actor,
    job: Job,
    domain: str,
    started: Sequence[Started],
    error: str = "",
) -> None:
    note(
        installation,
        actor,
        "collection.start",
        domain or ", ".join(run.account for run in started),
        "failed" if error else "done",
        job=job,
        runs={run.account: run.run_id for run in started},
        **({"error": error} if error else {}),
    )
