"""Docs that could rot are held to the code."""

from pathlib import Path

import pytest

from dnsinv.cli.main import COMMANDS
from dnsinv.lake.describe import with_datasets
from dnsinv.lake.schemas import DATASETS, OF_PEOPLE
from dnsinv.sandbox.faults import FaultKind
from dnsinv.settings import Settings

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"| {name.upper()} |" in page("docs/settings.md")


def test_the_datasets_page_says_what_the_schemas_say() -> None:
    text = page("docs/datasets.md")
    assert with_datasets(text) == text, "run `make docs`"


def test_every_column_of_every_dataset_has_a_sentence() -> None:
    for table in (*DATASETS, *OF_PEOPLE):
        for column in table.columns:
            assert column.doc.endswith((".", ".)")), f"{table.name}.{column.name}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"dnsinv {name}" in page("README.md")


@pytest.mark.parametrize("kind", sorted(FaultKind))
def test_every_fault_is_documented(kind: str) -> None:
    assert kind in page("docs/providers.md")


def test_the_project_names_no_place_of_its_making() -> None:
    here = str(ROOT)
    for path in ROOT.rglob("*.md"):
        if ".venv" not in path.parts and "data" not in path.relative_to(ROOT).parts:
            assert here not in path.read_text(encoding="utf-8"), path
