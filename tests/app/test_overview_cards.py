"""The cards of the overview: what they say of an installation, read from the real thing."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from dnsinv.actions.installation import open_with
from dnsinv.settings import Settings
from dnsinv.store import accounts
from dnsinv_app.views.overview import look
from dnsinv_app.widgets.overview_cards import written
from tests.app.inventory import TODAY, Inventory, zones_of
from tests.core.scripted import Scripted, a_record

DAGSTER = "http://127.0.0.1:3000"


def cards(settings: Settings, at: datetime = TODAY, dagster: str = DAGSTER) -> str:
    """Their HTML."""
    installation = open_with(settings)
    try:
        return written(look(installation, at), dagster)
    finally:
        installation.close()


def text_of(page: str) -> str:
    """What a reader sees of it, spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_shows_figures_accounts_and_changes(small: Inventory) -> None:
    text = text_of(cards(small.settings))
    assert "Domains 3 " in text
    assert "DNS records 30 in 3 zones" in text
    assert "gd-main godaddy completed 28 days ago" in text
    assert "www.beta.example A modified 192.0.2.12 198.51.100.7 28 days ago" in text
    assert "Not configured: Cloudflare." in text


def test_holds_failures_progress_and_missing_credentials_are_said(busy: Inventory) -> None:
    page = cards(busy.settings)
    text = text_of(page)
    assert (
        "gd-brands-and-defensive-registrations : 11 of 20 domains are missing from the listing, seen 2 h ago"
        in text
    )
    assert re.search(
        r"It is right: dnsinv collection accept \d+T\d+-gd-brands-and-defensive-registrations", text
    )
    assert "gd-main : 1 zone has lost most records at once (payments-turin.example)" in text
    assert "61 of 160 zones read" in text
    assert "not collected" in text
    assert "GODADDY_LAB_TOKEN not set" in text
    assert "payments-bonn.example: GoDaddy did not answer: 503 three times. (and 1 more)" in text
    assert "Retired: old-reseller (2026-03-31)." in text
    assert "secret-token" not in page


def test_a_cycle_longer_than_the_interval_is_explained(small: Inventory) -> None:
    small.pace = timedelta(minutes=25)
    small.clock.now = TODAY - timedelta(hours=2)
    names = ["alpha.example", "beta.example", "gamma.example"]
    small.collect("gd-main", Scripted(zones_of(names)))
    text = text_of(cards(small.settings))
    assert "cycle 1 h 15 min" in text
    assert (
        "A full cycle takes longer than the interval: the zones read longest ago go first." in text
    )


def test_an_empty_installation_says_what_to_do_first(tmp_path: Path) -> None:
    settings = Settings(db_path=tmp_path / "data", database_url="")
    text = text_of(cards(settings))
    assert "Nothing was collected yet Give it an account to read: set GODADDY_API_TOKEN" in text
    assert "make demo" in text

    configured = settings.model_copy(update={"dnsinv_config": tmp_path / "dnsinv.toml"})
    (tmp_path / "dnsinv.toml").write_text(
        '[[accounts]]\nname = "cf"\nprovider = "cloudflare"\nbase_url = "http://localhost:1"\nclear_credential = {token = "t"}\n'
    )
    text = text_of(cards(configured))
    assert "1 account configured. The first collection starts by itself" in text
    assert "cf cloudflare not yet" in text


def test_whatever_comes_from_outside_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>"
    inventory = Inventory(tmp_path)
    inventory.configure("gd-main", "godaddy", f'token_env = "{evil}"')
    zone = [a_record("alpha.example", "www", "192.0.2.1")]
    provider = Scripted({"alpha.example": zone})
    inventory.collect("gd-main", provider)
    inventory.clock.forward(hours=1)
    provider.zones["alpha.example"] = [*zone, a_record("alpha.example", evil, evil)]
    inventory.collect("gd-main", provider)
    inventory.derive()

    page = cards(inventory.settings, inventory.clock())
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") >= 3


def test_a_damaged_lake_leaves_the_rest_of_the_page(small: Inventory) -> None:
    for path in (small.root / "data" / "cache").glob("*.duckdb"):
        path.write_bytes(b"no database")
    text = text_of(cards(small.settings))
    assert "The read model cannot be read" in text
    assert "gd-main godaddy completed" in text


def test_a_wrong_account_file_is_said_on_the_page(small: Inventory) -> None:
    installation = open_with(small.settings)
    (small.root / "dnsinv.toml").write_text("[[accounts]\n")
    text = text_of(written(look(installation, TODAY), DAGSTER))
    installation.close()
    assert "dnsinv.toml cannot be read" in text


def test_the_cards_need_nothing_that_the_policy_forbids(busy: Inventory) -> None:
    page = cards(busy.settings)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", page)


def test_dagster_is_pointed_at_only_where_it_is_open(tmp_path: Path) -> None:
    (tmp_path / "dnsinv.toml").write_text(
        '[[accounts]]\nname = "cf"\nprovider = "cloudflare"\nbase_url = "http://localhost:1"\nclear_credential = {token = "t"}\n'
    )
    settings = Settings(
        db_path=tmp_path / "data", dnsinv_config=tmp_path / "dnsinv.toml", database_url=""
    )
    assert f'href="{DAGSTER}"' in cards(settings)
    assert "Dagster" not in cards(settings, dagster="")


def test_the_first_collection_is_said_to_be_under_way(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    inventory.configure("gd-main", "godaddy")
    with inventory.store.begin() as db:
        accounts.note_account(db, "gd-main", "godaddy", inventory.clock.now)
    inventory.leave_running("gd-main", "godaddy", 40, 10)
    text = text_of(cards(inventory.settings))
    assert "The first collection is under way." in text
    assert "10 of 40 zones read" in text


def test_a_read_model_without_a_domain_leaves_an_installation_new(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    inventory.configure("gd-main", "godaddy")
    inventory.derive()
    text = text_of(cards(inventory.settings))
    assert "Nothing was collected yet" in text
    assert "DNS records" not in text
