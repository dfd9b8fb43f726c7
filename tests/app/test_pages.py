"""Overview and domains as people use them: the real server, its gate and policy, a real browser."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from dnsinv.actions.annotate import annotate
from dnsinv.actions.assign import Mode, assign_domains
from dnsinv.actions.groups import create_group
from dnsinv.actions.queries import DomainQuery
from dnsinv.actions.reading import Reader
from dnsinv.domain.permission import Role
from tests.app.browser import CHROMIUM, Browser, browsing
from tests.app.inventory import Inventory
from tests.app.served import OPERATOR, Served, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def served(busy: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Some 260 domains, two groups, and people of every role."""
    root = tmp_path_factory.mktemp("pages")
    shutil.copytree(busy.root, root, dirs_exist_ok=True)
    with serving(root) as running:
        for role in Role:
            running.cookie(role, role)
        for group in ("ops", "marketing"):
            create_group(running.installation, OPERATOR, group)
        yield running


@pytest.fixture
def reader(served: Served) -> Iterator[Reader]:
    opened = Reader(served.installation)
    yield opened
    opened.close()


@pytest.fixture
def nobody_owns_anything(served: Served, reader: Reader) -> None:
    names = reader.names_of(OPERATOR, DomainQuery())
    assign_domains(served.installation, OPERATOR, names, [], Mode.REPLACE)


@pytest.fixture
def editor(served: Served, tmp_path: Path) -> Iterator[Browser]:
    with browsing(served.address, served.cookie("editor", "editor"), tmp_path) as browser:
        yield browser
        assert browser.troubles == []
        assert browser.foreign == []


def rows(page: Any) -> list[str]:
    """The names in the table, from top to bottom."""
    return [name.strip() for name in page.locator("tbody .open").all_inner_texts()]


def owners_of(reader: Reader, name: str) -> list[str]:
    found = reader.domain(OPERATOR, name)
    assert found
    return [*found["owners"], *found["groups"]]


def shows(page: Any, first: str) -> None:
    """Wait until the table starts with that name."""
    page.locator(
        "tbody tr:first-child .open", has_text=re.compile(f"^{re.escape(first)}$")
    ).wait_for()


def test_the_pages_fit_desk_tablet_and_phone_and_ask_nothing_of_other_hosts(
    editor: Browser,
) -> None:
    for scheme in SCHEMES:
        editor.page.emulate_media(color_scheme=scheme)
        for width in (1440, 820, 390):
            editor.page.set_viewport_size({"width": width, "height": 900})
            for path in ("/", "/domains"):
                editor.open(path)
                assert editor.overflow == 0, f"{path} at {width} px, {scheme}"


def test_the_longest_status_covers_no_other_column(editor: Browser) -> None:
    editor.page.set_viewport_size({"width": 1280, "height": 900})
    pill = editor.open("/domains").locator("td.status .pill").first
    pill.evaluate("each => each.textContent = '(transferred, transferred)'")
    edge = "each => each.getBoundingClientRect().right"
    assert pill.evaluate(edge) <= pill.locator("..").evaluate(edge)


def test_the_overview_shows_what_waits_and_the_accounts(editor: Browser) -> None:
    page = editor.open("/")
    page.get_by_role("heading", name="Waiting for a decision").wait_for()
    assert page.get_by_role("table", name="Accounts").get_by_role("row").count() == 5
    assert page.title() == "Overview · DNS Inventory"


def test_the_table_is_one_for_screen_readers_too(editor: Browser) -> None:
    page = editor.open("/domains")
    table = page.get_by_role("table", name="Domains, page 1 of 6")
    table.wait_for()
    assert table.get_by_role("row").count() == 51
    assert (
        table.get_by_role("columnheader", name="Domain").get_attribute("aria-sort") == "ascending"
    )
    first = rows(page)[0]
    assert table.get_by_role("rowheader", name=first).count() == 1
    assert table.get_by_role("checkbox", name=f"Select {first}").count() == 1
    page.set_viewport_size({"width": 390, "height": 900})
    assert table.get_by_role("row").count() == 51
    assert table.get_by_role("rowheader", name=first).count() == 1


def test_who_may_not_assign_is_not_offered_to(served: Served, tmp_path: Path) -> None:
    with browsing(served.address, served.cookie("viewer"), tmp_path) as viewer:
        page = viewer.open("/domains")
        page.get_by_role("table").wait_for()
        assert page.get_by_role("checkbox", name=re.compile("^Select")).count() == 0
        assert page.get_by_role("button", name="Assign owners").count() == 0
        assert page.get_by_role("link", name="Dagster").count() == 0


def test_dagster_is_offered_to_administrators(served: Served, tmp_path: Path) -> None:
    with browsing(served.address, served.cookie("admin", "admin"), tmp_path) as admin:
        page = admin.open("/")
        assert page.get_by_role("link", name="Dagster").get_attribute("href")
        assert page.get_by_role("link", name="API", exact=True).get_attribute("href") == "/api/docs"


@pytest.mark.usefixtures("nobody_owns_anything")
def test_what_is_ticked_is_assigned_and_then_ticked_no_more(
    editor: Browser, reader: Reader
) -> None:
    page = editor.open("/domains?search=payments")
    page.get_by_role("table").wait_for()
    one, two, three = rows(page)[:3]
    page.get_by_role("checkbox", name=f"Select {one}").check()
    page.get_by_role("checkbox", name=f"Select {three}").check()
    page.get_by_text("2 selected").wait_for()
    page.get_by_role("button", name="Assign owners").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Owners").fill("ops")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Add owners").click()
    page.get_by_text("ops now owns 2 domains: 2 new, 0 as before.").wait_for()
    assert (owners_of(reader, one), owners_of(reader, two)) == (["ops"], [])
    assert owners_of(reader, three) == ["ops"]
    page.get_by_role("row", name=re.compile(f"^Select {re.escape(one)}")).get_by_text(
        "ops"
    ).wait_for()
    assert page.locator("tbody input:checked").count() == 0


@pytest.mark.usefixtures("nobody_owns_anything")
def test_all_that_match_are_assigned_by_filter(editor: Browser, reader: Reader) -> None:
    page = editor.open("/domains?search=shop")
    page.get_by_role("table").wait_for()
    wanted = reader.names_of(OPERATOR, DomainQuery(search="shop"))
    others = set(reader.names_of(OPERATOR, DomainQuery())) - set(wanted)
    assert len(wanted) < 50
    page = editor.open("/domains?search=o")
    wanted = reader.names_of(OPERATOR, DomainQuery(search="o"))
    others = set(reader.names_of(OPERATOR, DomainQuery())) - set(wanted)
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name=f"Select all {len(wanted)} that match").click()
    page.get_by_text(f"All {len(wanted)} domains selected").wait_for()
    page.get_by_role("button", name="Assign owners").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Replace", exact=True).click()
    dialog.get_by_role("combobox", name="Owners").fill("marketing")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Replace owners").click()
    page.get_by_text(f"marketing now owns {len(wanted)} domains").wait_for()
    assert set(reader.names_of(OPERATOR, DomainQuery(group="marketing"))) == set(wanted)
    assert set(reader.names_of(OPERATOR, DomainQuery(unowned=True))) == others


def test_nothing_ticked_on_one_page_is_ticked_on_another(editor: Browser) -> None:
    page = editor.open("/domains")
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_text("50 selected").wait_for()
    first = rows(page)[0]
    page.get_by_role("button", name="Page 2", exact=False).first.click()
    page.get_by_role("table", name="Domains, page 2 of 6").wait_for()
    assert page.locator("tbody input:checked").count() == 0
    assert page.url.endswith("/domains?page=2")
    page.go_back()
    page.get_by_role("table", name="Domains, page 1 of 6").wait_for()
    shows(page, first)
    assert page.locator("tbody input:checked").count() == 0


def test_search_and_filters_stand_in_the_address(editor: Browser) -> None:
    page = editor.open("/domains?page=3")
    page.get_by_role("table", name="Domains, page 3 of 6").wait_for()
    page.get_by_role("searchbox", name="Search domains").fill("lyon")
    page.get_by_role("table", name="Domains, page 1 of 1").wait_for()
    page.wait_for_url("**/domains?search=lyon")
    assert all("lyon" in name for name in rows(page))
    page.get_by_role("button", name="Expires", exact=True).click()
    page.wait_for_url("**/domains?search=lyon&sort=expires_on")
    page.locator("th[aria-sort=ascending].expires").wait_for()
    links = page.get_by_role("link", name="Export as CSV")
    assert links.get_attribute("href") == "/export/domains.csv?search=lyon&sort=expires_on"
    sorted_names = rows(page)
    page.reload()
    editor.settle()
    shows(page, sorted_names[0])
    assert page.get_by_role("searchbox", name="Search domains").input_value() == "lyon"
    page.go_back()
    page.locator("th[aria-sort=ascending].name").wait_for()
    assert page.url.endswith("/domains?search=lyon")


def test_a_link_with_a_filter_that_cannot_be_says_so(editor: Browser) -> None:
    for query, said in (
        ("status=nonsense", "There is no status 'nonsense'"),
        ("owner=nobody-like-this", "nobody-like-this"),
        ("expiring=soon", "'soon' is no number of days"),
        ("sort=colour", "There is no sort 'colour'"),
    ):
        page = editor.open(f"/domains?{query}")
        page.get_by_role("alert").get_by_text(said).wait_for()
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("table", name="Domains, page 1 of 6").wait_for()
    assert page.url.endswith("/domains")


def test_a_page_beyond_the_last_is_the_last(editor: Browser) -> None:
    page = editor.open("/domains?page=9999999999999")
    page.get_by_role("table", name="Domains, page 6 of 6").wait_for()
    page = editor.open("/domains?page=-1")
    page.get_by_role("table", name="Domains, page 1 of 6").wait_for()


def test_it_works_by_keyboard_alone(editor: Browser) -> None:
    page = editor.open("/domains?search=payments-lyon")
    page.get_by_role("table").wait_for()
    box = page.get_by_role("checkbox", name="Select payments-lyon.example")
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement; return e.textContent })()"
        )
        if focused.startswith("Assign owners"):
            break
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Assign owners").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert box.is_checked()


def test_note_and_tags_are_kept_and_shown(editor: Browser, served: Served) -> None:
    page = editor.open("/domains?search=press-oslo")
    page.get_by_role("button", name="press-oslo.example").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("Ask <b>Ada</b> first")
    dialog.get_by_role("combobox", name="Tags").fill("Brand")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name=re.compile("press-oslo.example"))
    row.get_by_text("Ask <b>Ada</b> first").wait_for()
    row.get_by_text("brand", exact=True).wait_for()

    page.get_by_role("button", name="press-oslo.example").click()
    dialog.get_by_label("Note").fill("Mine")
    annotate(served.installation, OPERATOR, "press-oslo.example", note="Theirs")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_text("was changed since you read it").wait_for()


def test_one_page_of_rows_crosses_the_socket(editor: Browser) -> None:
    sizes: list[int] = []
    editor.page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data)))
    )
    page = editor.open("/domains")
    page.get_by_role("table", name="Domains, page 1 of 6").wait_for()
    before = sum(sizes)
    page.get_by_role("button", name="Page 4", exact=False).first.click()
    page.get_by_role("table", name="Domains, page 4 of 6").wait_for()
    editor.settle()
    assert 0 < sum(sizes) - before < 60_000


def test_an_empty_installation_says_what_to_do_first(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        (tmp_path / "b").mkdir()
        with browsing(served.address, served.cookie("admin", "admin"), tmp_path / "b") as browser:
            page = browser.open("/domains")
            page.get_by_text("There is no domain yet.").wait_for()
            page.get_by_role("link", name="The overview").click()
            page.get_by_role("heading", name="Nothing was collected yet").wait_for()
            assert browser.troubles == []
