"""Settings and accounts: read once, wrong values told in one sentence, secrets never shown."""

from pathlib import Path

import pytest

from dnsinv.errors import BadSetting
from dnsinv.settings import Settings, load_accounts, load_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without .env and an environment without our variables."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert (settings.server_port, settings.data_collection_interval) == (8080, 60)
    assert settings.store_url.startswith("sqlite:///")
    assert settings.address == "http://localhost:8080"
    assert load_accounts(settings) == []


def test_the_environment_wins_over_the_env_file(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / ".env").write_text("SERVER_PORT=9001\nDAGSTER_PORT=9002\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("SERVER_PORT", "9003")
    settings = load_settings()
    assert (settings.server_port, settings.dagster_port, settings.log_level) == (
        9003,
        9002,
        "DEBUG",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_PORT", "abc"),
        ("SERVER_PORT", "70000"),
        ("DATA_COLLECTION_INTERVAL", "0"),
        ("GUARD_SHARE", "1.5"),
        ("MEMORY_LIMIT", "much"),
        ("LOG_LEVEL", "loud"),
        ("PUBLIC_URL", "dns.company.example"),
        ("OIDC_ISSUER", "ftp://login.company.example"),
        ("TRUSTED_PROXIES", "10.0.0.1, proxy"),
        ("SESSION_HOURS", "0"),
        ("SESSION_IDLE_MINUTES", "0"),
    ],
)
def test_a_wrong_value_names_its_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=name) as told:
        load_settings()
    assert "\n" not in str(told.value)


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_SECRET", "hush-hush")
    with pytest.raises(
        BadSetting, match=r"SESSION_SECRET is wrong: .* 32 characters; mend"
    ) as told:
        load_settings()
    assert "hush" not in str(told.value)


def test_each_provider_with_a_credential_is_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "cf-secret")
    monkeypatch.setenv("GODADDY_API_KEY", "gd-key")
    accounts = load_accounts(load_settings())
    assert [(a.name, a.problem) for a in accounts] == [
        ("cloudflare", ""),
        ("godaddy", "GODADDY_API_SECRET not set"),
    ]
    assert "secret" not in repr(accounts).replace("secret=", "")
    assert "gd-key" not in repr(accounts)


def test_the_account_file_names_variables_and_says_which_are_not_set(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = empty_folder / "accounts.toml"
    file.write_text(
        '[[accounts]]\nname = "shop"\nprovider = "cloudflare"\ntoken_env = "SHOP"\n'
        '[[accounts]]\nname = "registrar"\nprovider = "godaddy"\nkey_env = "K"\nsecret_env = "S"\n'
        "rate = {requests = 10, seconds = 1}\n"
    )
    monkeypatch.setenv("SHOP", "token-of-the-shop")
    registrar, shop = load_accounts(load_settings(file))
    assert shop.token.get_secret_value() == "token-of-the-shop"
    assert (registrar.problem, registrar.rate) == ("K, S not set", (10, 1.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accounts]]\nname='Big'\nprovider='godaddy'", "name"),
        ("[[accounts]]\nname='a'\nprovider='route53'", "provider"),
        ("[[accounts]]\nname='a'\nprovider='godaddy'\nkey='x'", "key"),
        ("[accounts]\nname='a'", "[[accounts]]"),
        ("[[accounts", "cannot be read"),
        ("[[accounts]]\nname='a'\nprovider='godaddy'\n" * 2, "twice"),
        (
            "[[accounts]]\nname='a'\nprovider='godaddy'\nbase_url='https://api.example'\n"
            "clear_credential={token='x'}",
            "not on this machine",
        ),
    ],
)
def test_a_wrong_account_file_is_told_in_one_sentence(
    empty_folder: Path, text: str, said: str
) -> None:
    file = empty_folder / "accounts.toml"
    file.write_text(text)
    with pytest.raises(BadSetting) as told:
        load_accounts(load_settings(file))
    assert said in str(told.value)


def test_an_account_file_that_is_not_there_is_told(empty_folder: Path) -> None:
    with pytest.raises(BadSetting, match="does not exist"):
        load_accounts(load_settings(empty_folder / "no.toml"))
