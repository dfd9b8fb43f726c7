"""One installation in a temporary folder, with scripted accounts, and a Dagster instance in memory."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.pipelines.home import Home


def pytest_configure(config: pytest.Config) -> None:
    # Dagster 1.13 reads pydantic's old names.
    config.addinivalue_line("filterwarnings", "ignore:The `__fields__` attribute is deprecated")
    # Meant so, see definitions.py.
    config.addinivalue_line("filterwarnings", "ignore:Asset job .* with varying BackfillPolicies")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    made = Home(tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made
