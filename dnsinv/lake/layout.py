"""Where every file of the lake lies; nothing here reads or writes.

Everything below `lake/` is public: a plain glob over a dataset's folder is right at any time.
Unfinished files live in `staging/`, on the same file system, outside every public glob.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

Kind = Literal["domains", "zones", "records"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one DB_PATH."""

    root: Path

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def published(self) -> Path:
        """An empty file that is touched whenever files of the lake are about to be replaced."""
        return self.locks / "published"

    @property
    def publications(self) -> Path:
        """One folder for each publication under way."""
        return self.staging / "publications"

    @property
    def spools(self) -> Path:
        """One folder for each collection that is under way, interrupted or held."""
        return self.staging / "collections"

    @property
    def uploads(self) -> Path:
        """One folder for each file that was sent or fetched to be imported."""
        return self.staging / "uploads"

    @property
    def spill(self) -> Path:
        """DuckDB's temporary files."""
        return self.staging / "spill"

    def snapshot(self, kind: Kind, provider: str, account: str, day: date) -> Path:
        """The one file of a snapshot partition."""
        return self._partition("snapshots", kind, provider, account, day)

    def changes(self, kind: Kind, provider: str, account: str, day: date) -> Path:
        """The one file of a change partition."""
        return self._partition("changes", kind, provider, account, day)

    def history(self, kind: Kind) -> Path:
        return self.lake / "history" / f"{kind}.parquet"

    def current(self, kind: Kind) -> Path:
        return self.lake / "current" / f"{kind}.parquet"

    def collections(self, day: date) -> Path:
        return self.lake / "collections" / f"day={day}" / "part-0.parquet"

    def imported(self, kind: Literal["domains", "records"], migration: str, number: int) -> Path:
        """What one slice of a migration committed."""
        return self.imports(kind) / f"migration={migration}" / f"slice={number}.parquet"

    def imports(self, kind: Literal["domains", "records", "errors"]) -> Path:
        """Where what all migrations committed lies, or what was wrong with their files."""
        return self.lake / "imports" / kind

    def import_errors(self, migration: str) -> Path:
        """What was wrong with the items of a migration's file."""
        return self.imports("errors") / f"migration={migration}" / "part-0.parquet"

    def migration(self, migration: str) -> Path:
        """The folder of a migration's staged rows: their durable copy until it has ended."""
        return self.staging / "migrations" / migration

    def days(self, kind: Kind, provider: str, account: str) -> list[date]:
        """Days that have a snapshot of this account, oldest first."""
        folder = self.lake / "snapshots" / kind / f"provider={provider}" / f"account={account}"
        return sorted(
            date.fromisoformat(path.parent.name.removeprefix("day="))
            for path in folder.glob("day=*/part-0.parquet")
        )

    def accounts(self, kind: Kind = "domains") -> list[tuple[str, str]]:
        """(provider, account) of every account that has a snapshot, sorted."""
        return sorted(
            (path.parent.name.removeprefix("provider="), path.name.removeprefix("account="))
            for path in (self.lake / "snapshots" / kind).glob("provider=*/account=*")
        )

    def _partition(self, what: str, kind: Kind, provider: str, account: str, day: date) -> Path:
        return (
            self.lake
            / what
            / kind
            / f"provider={provider}"
            / f"account={account}"
            / f"day={day}"
            / "part-0.parquet"
        )
