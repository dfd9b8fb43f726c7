"""What a collection has read so far, on disk: an interrupted collection goes on where it was.

A spool is a folder of Parquet files: the listing, and numbered pairs of record and outcome files.
A pair counts from the moment its outcome file stands.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.names import unicode_name
from dnsinv.domain.records import Record
from dnsinv.errors import LakeError

CHUNK_RECORDS = 20_000
CHUNK_ZONES = 2_000

_INSTANT = pa.timestamp("us", tz="UTC")
_LISTING = pa.schema(
    [
        ("name", pa.string()),
        ("unicode_name", pa.string()),
        ("provider_id", pa.string()),
        ("status", pa.string()),
        ("raw_status", pa.string()),
        ("expires_on", pa.date32()),
        ("registered_on", pa.date32()),
        ("auto_renew", pa.bool_()),
        ("locked", pa.bool_()),
        ("privacy", pa.bool_()),
        ("nameservers", pa.list_(pa.string())),
    ],
)
_OUTCOMES = pa.schema(
    [
        ("zone_id", pa.string()),
        ("name", pa.string()),
        ("state", pa.string()),
        ("attempted_at", _INSTANT),
        ("serial", pa.int64()),
        ("record_count", pa.int32()),
        ("digest", pa.string()),
        ("held_digest", pa.string()),
        ("error", pa.string()),
    ]
)
_READINGS = pa.schema(
    [
        ("zone_id", pa.string()),
        ("zone", pa.string()),
        ("name", pa.string()),
        ("type", pa.string()),
        ("content", pa.string()),
        ("ttl", pa.int32()),
        ("priority", pa.int32()),
        ("proxied", pa.bool_()),
        ("managed", pa.bool_()),
        ("record_id", pa.string()),
        ("comment", pa.string()),
        ("tags", pa.list_(pa.string())),
    ]
)
_VALUES = attrgetter(*_READINGS.names[1:])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the reading of one zone went.

    `state` is complete, unchanged, no-zone-here, refused or failed. `held_digest` marks a reading
    that the guard holds back ("" otherwise); its state is then failed.
    """

    zone_id: str
    name: str
    state: str
    attempted_at: datetime
    serial: int | None = None
    record_count: int = 0
    digest: str = ""
    held_digest: str = ""
    error: str = ""


class Spool:
    """One collection's folder. Not for several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._outcomes: list[Outcome] = []
        self._records: list[tuple[Any, ...]] = []
        self._next = 1 + max(
            (int(path.stem.split("-")[1]) for path in self.outcome_files()), default=0
        )

    @property
    def listing_file(self) -> Path:
        return self.folder / "listing.parquet"

    @property
    def held_listing_file(self) -> Path:
        """A listing that the guard holds back: a collection never goes on from it."""
        return self.folder / "held-listing.parquet"

    def outcome_files(self) -> list[Path]:
        return sorted(self.folder.glob("outcomes-*.parquet"))

    def reading_files(self) -> list[Path]:
        """Record files whose outcomes stand."""
        pairs = [
            path.with_name(path.name.replace("outcomes", "records"))
            for path in self.outcome_files()
        ]
        return [path for path in pairs if path.exists()]

    def write_listing(self, domains: Sequence[Domain], *, is_held: bool = False) -> None:
        """Keep the complete listing: to go by, or if it is held, for a person to accept."""
        file = self.held_listing_file if is_held else self.listing_file
        names = pa.array([unicode_name(domain.name) for domain in domains], pa.string())
        self._write(file, _table(domains, _LISTING, unicode_name=names))
        if not is_held:
            self.held_listing_file.unlink(missing_ok=True)  # of a crash before it was held

    def listing(self) -> list[Domain]:
        """The listing kept before, in its order."""
        rows = _rows(self.listing_file)
        for row in rows:
            del row["unicode_name"]
            row["status"] = Lifecycle(row["status"])
            row["nameservers"] = tuple(row["nameservers"])
        return [Domain(**row) for row in rows]

    def outcomes(self) -> list[Outcome]:
        """Outcomes on disk, in order of reading."""
        return [Outcome(**row) for path in self.outcome_files() for row in _rows(path)]

    def add(self, outcome: Outcome, records: Sequence[Record] = ()) -> None:
        """Add one zone; it reaches the disk with the next flush, or when a chunk is full."""
        self._outcomes.append(outcome)
        self._records.extend((outcome.zone_id, *_VALUES(record)) for record in records)
        if len(self._records) >= CHUNK_RECORDS or len(self._outcomes) >= CHUNK_ZONES:
            self.flush()

    def flush(self) -> None:
        """Bring everything added so far to disk."""
        if not self._outcomes:
            return
        records_file = self.folder / f"records-{self._next:05}.parquet"
        records_file.unlink(missing_ok=True)  # of a crash before its outcomes stood
        if self._records:
            columns = zip(*self._records, strict=True)
            arrays = [pa.array(c, type=f.type) for c, f in zip(columns, _READINGS, strict=True)]
            self._write(records_file, pa.Table.from_arrays(arrays, schema=_READINGS))
        outcomes_file = self.folder / f"outcomes-{self._next:05}.parquet"
        self._write(outcomes_file, _table(self._outcomes, _OUTCOMES))
        self._next += 1
        self._outcomes.clear()
        self._records.clear()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, path: Path, table: pa.Table) -> None:
        part = path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                pq.write_table(table, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise LakeError(f"Cannot keep what was read in {self.folder}: {error}") from error


def _table(things: Sequence[object], schema: pa.Schema, **columns: pa.Array) -> pa.Table:
    """A column of each attribute; `columns` are those that are none."""
    return pa.Table.from_arrays(
        [
            columns[field.name]
            if field.name in columns
            else pa.array([getattr(thing, field.name) for thing in things], field.type)
            for field in schema
        ],
        schema=schema,
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise LakeError(f"What was read before is damaged: {path}: {error}") from error
    return rows
