"""What is not as it should be: configuration, data and credentials, each in words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from dnsinv.actions.collect import diagnose
from dnsinv.actions.installation import Installation
from dnsinv.lake.integrity import Problem, problems
from dnsinv.providers.provider import Diagnosis
from dnsinv.settings import Account


def config_problems(installation: Installation) -> Iterator[Problem]:
    """Settings and accounts that cannot work as they are."""
    if not installation.accounts:
        yield Problem(
            "no_account",
            "No account is configured, so nothing can be collected.",
            "Set CLOUDFLARE_API_TOKEN or GODADDY_API_TOKEN, or write a dnsinv.toml "
            "(docs/settings.md).",
        )
    for account in installation.accounts:
        if account.problem:
            yield Problem(
                "no_credential",
                f"The account {account.name} has no credential: {account.problem}.",
                "Set it in the environment or in .env.",
            )
        if (
            account.provider == "godaddy"
            and account.token.get_secret_value()
            and account.key.get_secret_value()
        ):
            yield Problem(
                "two_credentials",
                f"The account {account.name} has a token and a key; the token is used.",
                "Unset the key; GoDaddy retires them.",
            )
    ports = {
        "SERVER_PORT": installation.settings.server_port,
        "DAGSTER_PORT": installation.settings.dagster_port,
        "DAGSTER_CODE_PORT": installation.settings.dagster_code_port,
    }
    for name, port in ports.items():
        same = sorted(other for other in ports if ports[other] == port and other > name)
        if same:
            yield Problem(
                "same_port", f"{name} and {same[0]} are both {port}.", "Give each its own port."
            )


def data_problems(installation: Installation) -> Iterator[Problem]:
    """Damage in the lake."""
    yield from problems(installation.lake)


def diagnoses(installation: Installation) -> list[tuple[Account, Diagnosis]]:
    """Every account's credential, tried out side by side; in order of account."""
    if not installation.accounts:
        return []
    with ThreadPoolExecutor(len(installation.accounts)) as pool:
        tried = pool.map(lambda account: diagnose(installation, account), installation.accounts)
        return list(zip(installation.accounts, tried, strict=True))
