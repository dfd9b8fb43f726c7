"""Docs that could rot are held to the code."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dnsinv.cli.main import COMMANDS, cli
from dnsinv.lake.describe import with_datasets
from dnsinv.lake.people_tables import OF_PEOPLE
from dnsinv.lake.schemas import DATASETS
from dnsinv.sandbox.faults import FaultKind
from dnsinv.settings import Settings

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def command_of(name: str) -> click.Command | None:
    return cli.get_command(click.Context(cli), name)


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


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_every_command_that_a_page_names_exists(name: str) -> None:
    """Those of groups too, also several in one: `user add|list`."""
    for first, others in re.findall(r"dnsinv ([a-z]+) ([a-z]+(?:\|[a-z]+)*)", page(name)):
        command = command_of(first)
        if isinstance(command, click.Group) and not command.invoke_without_command:
            assert set(others.split("|")) <= set(command.commands), f"dnsinv {first} {others}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_example_of_a_command_is_of_that_command(command: str) -> None:
    for names, each in _with_subcommands((command,), command_of(command)):
        assert f"dnsinv {' '.join(names)}" in (each.epilog or ""), names


def _with_subcommands(
    names: tuple[str, ...], command: click.Command | None
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from _with_subcommands((*names, name), each)
    elif command is not None and not command.hidden:
        yield names, command


@pytest.mark.parametrize("kind", sorted(FaultKind))
def test_every_fault_is_documented(kind: str) -> None:
    assert kind in page("docs/providers.md")


def test_the_project_names_no_place_of_its_making() -> None:
    here = str(ROOT)
    for path in ROOT.rglob("*.md"):
        if ".venv" not in path.parts and "data" not in path.relative_to(ROOT).parts:
            assert here not in path.read_text(encoding="utf-8"), path
