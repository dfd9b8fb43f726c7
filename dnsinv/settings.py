"""The only reader of the environment, `.env` and `dnsinv.toml`.

Settings are read once at each entry (command, service, Dagster run) and passed on. What may change
while services run (interval, guard) is kept in the store; the values here are its defaults.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from os import environ
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from dnsinv.errors import BadSetting

ACCOUNT_NAME = (
    r"^[a-z0-9-]+$"  # it is a folder name in the lake and part of Dagster's partition keys
)
LEAST_SECRET = 32  # characters; 24 random bytes in base64
Port = Annotated[int, Field(ge=1, le=65535)]
SIZE = re.compile(r"(?i)^(\d+(?:\.\d+)?)\s*([KMG])(i)?B$")
Size = Annotated[str, Field(pattern=SIZE)]


class Settings(BaseSettings):
    """Every setting, by its environment variable's name in lower case."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=False,
    )

    server_port: Port = 8080
    public_url: str = ""
    brand_name: str = "DNS Inventory"
    db_path: Path = Path("./data")
    database_url: str = ""
    backup_path: Path | None = None
    backup_count: Annotated[int, Field(ge=1)] = 10
    backup_days: Annotated[int, Field(ge=1)] = 30
    data_collection_interval: Annotated[int, Field(ge=1)] = 60
    guard_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    guard_count: Annotated[int, Field(ge=1)] = 3
    memory_limit: Size = "1GB"
    migration_limit: Size = "5GB"
    migration_inbox: Path | None = None
    migration_fetch_seconds: Annotated[int, Field(ge=1)] = 3600
    migration_networks: str = ""
    migration_http: bool = False
    s3_endpoint_url: str = ""
    gcs_endpoint_url: str = "https://storage.googleapis.com"
    gcs_access_key: str = ""
    gcs_secret_key: SecretStr = SecretStr("")
    log_level: str = "INFO"
    dagster_port: Port = 3000
    dagster_code_port: Port = 4000
    dagster_url: str = ""
    godaddy_api_url: str = ""
    godaddy_api_key: SecretStr = SecretStr("")
    godaddy_api_secret: SecretStr = SecretStr("")
    godaddy_api_token: SecretStr = SecretStr("")
    cloudflare_api_url: str = ""
    cloudflare_api_token: SecretStr = SecretStr("")
    dnsinv_config: Path | None = None
    admin_password: SecretStr = SecretStr("")
    session_secret: SecretStr = SecretStr("")
    session_hours: Annotated[int, Field(ge=1, le=8760)] = 12
    session_idle_minutes: Annotated[int, Field(ge=1)] = 60
    trusted_proxies: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("public_url", "oidc_issuer", "s3_endpoint_url", "gcs_endpoint_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must be an address such as https://dns.company.example")
        return value.rstrip("/")

    @field_validator("session_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < LEAST_SECRET:
            raise ValueError(f"must have at least {LEAST_SECRET} characters")
        return value

    @field_validator("trusted_proxies", "migration_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        _read_networks(value)
        return value

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """Addresses whose word on where a request comes from is taken."""
        return _read_networks(self.trusted_proxies)

    @property
    def reachable(self) -> list[IPv4Network | IPv6Network]:
        """Networks that are not public and from which files may be fetched nevertheless."""
        return _read_networks(self.migration_networks)

    @property
    def largest_file(self) -> int:
        """MIGRATION_LIMIT in bytes."""
        return _bytes(self.migration_limit)

    @property
    def inbox(self) -> Path:
        """MIGRATION_INBOX, absolute; else under DB_PATH."""
        if self.migration_inbox is None:
            return self.data_path / "inbox"
        return self.migration_inbox.expanduser().resolve()

    @property
    def data_path(self) -> Path:
        """DB_PATH, absolute."""
        return self.db_path.expanduser().resolve()

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store: DATABASE_URL, else SQLite under DB_PATH."""
        return self.database_url or f"sqlite:///{self.data_path / 'store.db'}"

    @property
    def backups(self) -> Path:
        """BACKUP_PATH, absolute; else under DB_PATH."""
        if self.backup_path is None:
            return self.data_path / "backups"
        return self.backup_path.expanduser().resolve()

    @property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME: absolute, under DB_PATH."""
        return self.data_path / "dagster"

    @property
    def address(self) -> str:
        """Where people reach the web side."""
        return self.public_url or f"http://localhost:{self.server_port}"

    @property
    def dagster_address(self) -> str:
        """Where the Dagster webserver answers."""
        return self.dagster_url or f"http://127.0.0.1:{self.dagster_port}"


def _read_networks(text: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def _bytes(size: str) -> int:
    """A size as DuckDB reads it too: 1 GB is a thousand million bytes, 1 GiB is 2 to the 30th."""
    found = SIZE.fullmatch(size)
    assert found  # the setting's validation
    number, unit, binary = found.groups()
    return int(Decimal(number) * (1024 if binary else 1000) ** ("KMG".index(unit.upper()) + 1))


class _RateTable(BaseModel, extra="forbid", frozen=True):
    requests: Annotated[int, Field(ge=1)]
    seconds: Annotated[float, Field(gt=0)]


class _ClearCredential(BaseModel, extra="forbid", frozen=True):
    key: str = ""
    secret: str = ""
    token: str = ""


class _AccountTable(BaseModel, extra="forbid", frozen=True):
    name: Annotated[str, Field(pattern=ACCOUNT_NAME, max_length=60)]
    provider: Literal["godaddy", "cloudflare"]
    base_url: str = ""
    key_env: str = ""
    secret_env: str = ""
    token_env: str = ""
    rate: _RateTable | None = None
    clear_credential: _ClearCredential | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One login at a provider, ready to be opened; credentials never show in its repr.

    `problem` says why it cannot be used ("" when it can). `rate` is requests and seconds.
    """

    name: str
    provider: str
    base_url: str = ""
    key: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    rate: tuple[int, float] | None = None
    problem: str = ""


def load_settings(config: Path | None = None, **given: object) -> Settings:
    """Read the environment (over `.env` in the current folder) once.

    Args:
        config: path of dnsinv.toml, over DNSINV_CONFIG.
        given: settings that win over the environment.

    Raises:
        BadSetting: a value is wrong; the text names the variable.
    """
    if config is not None:
        given["dnsinv_config"] = config
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise BadSetting(
            f"{name} is wrong: {first['msg']}{_told(first)}; "
            "mend it in the environment or .env (docs/settings.md)."
        ) from None


def _told(error: ErrorDetails) -> str:
    """The value that was wrong, unless it is a secret."""
    field = Settings.model_fields.get(str(error["loc"][0]))
    is_secret = field is not None and field.annotation is SecretStr
    return "" if is_secret else f", not {error['input']!r}"


def load_accounts(settings: Settings) -> list[Account]:
    """All accounts in order of name: those of dnsinv.toml, else one per provider by variables.

    Raises:
        BadSetting: the file is missing, not TOML, or an account in it is wrong.
    """
    path = settings.dnsinv_config
    if path is None:
        default = Path("dnsinv.toml")
        if not default.exists():
            return _accounts_of_variables(settings)
        path = default
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSetting(
            f"The account file {path} does not exist; create it or unset DNSINV_CONFIG."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"The account file {path} cannot be read: {error}.") from None
    values = _variables()
    accounts = [_account(path, table, values) for table in _tables(path, document)]
    doubled = {a.name for a in accounts if sum(b.name == a.name for b in accounts) > 1}
    if doubled:
        raise BadSetting(
            f"{path} names the account {sorted(doubled)[0]!r} twice; names must differ."
        )
    return sorted(accounts, key=lambda account: account.name)


def _variables() -> dict[str, str]:
    in_file = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    return in_file | dict(environ)


def _tables(path: Path, document: dict[str, Any]) -> list[_AccountTable]:
    tables = document.get("accounts", [])
    if not isinstance(tables, list):
        raise BadSetting(f"{path}: accounts must be written as [[accounts]] tables.")
    found = []
    for number, table in enumerate(tables, start=1):
        try:
            found.append(_AccountTable.model_validate(table))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise BadSetting(
                f"{path}: account number {number} is wrong at {field!r}: {first['msg']} "
                "(docs/settings.md)."
            ) from None
    return found


def _account(path: Path, table: _AccountTable, values: Mapping[str, str]) -> Account:
    clear = table.clear_credential
    if clear is not None:
        if not _is_loopback(table.base_url):
            raise BadSetting(
                f"{path}: account {table.name!r} has a credential in clear but "
                f"{table.base_url or 'its base_url'} is not on this machine; name environment "
                "variables instead (key_env, secret_env, token_env)."
            )
        key, secret, token, problem = clear.key, clear.secret, clear.token, ""
    else:
        names = [name for name in (table.key_env, table.secret_env, table.token_env) if name]
        missing = [name for name in names if not values.get(name)]
        problem = (
            f"{', '.join(missing)} not set" if missing else "" if names else "no credential named"
        )
        key, secret, token = (
            values.get(name, "") if name else ""
            for name in (table.key_env, table.secret_env, table.token_env)
        )
    return Account(
        table.name,
        table.provider,
        table.base_url,
        SecretStr(key),
        SecretStr(secret),
        SecretStr(token),
        (table.rate.requests, table.rate.seconds) if table.rate else None,
        problem,
    )


def _accounts_of_variables(settings: Settings) -> list[Account]:
    accounts = []
    if settings.cloudflare_api_token.get_secret_value():
        accounts.append(
            Account(
                "cloudflare",
                "cloudflare",
                settings.cloudflare_api_url,
                token=settings.cloudflare_api_token,
            )
        )
    key, secret = settings.godaddy_api_key, settings.godaddy_api_secret
    token = settings.godaddy_api_token
    if token.get_secret_value() or key.get_secret_value():
        problem = ""
        if not token.get_secret_value() and not secret.get_secret_value():
            problem = "GODADDY_API_SECRET not set"
        accounts.append(
            Account(
                "godaddy", "godaddy", settings.godaddy_api_url, key, secret, token, problem=problem
            )
        )
    return accounts


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
