"""What the lake knows of one account: the starting point of its next collection."""

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.records import Record
from dnsinv.lake.lake import SNAPSHOT_TABLES, Lake, plain, view
from dnsinv.lake.layout import Kind
from dnsinv.lake.slices import Slice, slices

# Zones are read in the order of their names, more or less, so their records are fetched in
# stretches: one zone alone takes 9 ms, because a row group is the least that can be read.
STRETCH = 50_000  # records
STRETCHES_KEPT = 3

_DOMAIN = (
    "name, status, raw_status, provider_id, expires_on, registered_on, auto_renew, locked, "
    "privacy, nameservers"
)
_RECORD = "zone, name, type, content, ttl, priority, proxied, managed, record_id, comment, tags"


@dataclass(frozen=True, slots=True)
class KnownZone:
    """The last snapshot's word on a zone; "" and None where there is none."""

    digest: str = ""
    held_digest: str = ""
    read_at: datetime | None = None


class KnownAccount:
    """The last snapshot of one account, read when asked for."""

    def __init__(self, lake: Lake, provider: str, account: str) -> None:
        self._con = lake.open()
        self._lock = threading.Lock()
        self._stretch = lru_cache(maxsize=STRETCHES_KEPT)(self._read_stretch)
        for kind in ("domains", "zones", "records"):
            view(self._con, f"known_{kind}", _last(lake, kind, provider, account))

    def domains(self) -> list[Domain]:
        """The domains last listed, in order of name."""
        rows = self._con.execute(
            f"select {_DOMAIN} from known_domains order by name, provider_id"
        ).fetchall()
        return [Domain(*(row[0], Lifecycle(row[1]), *row[2:9], tuple(row[9]))) for row in rows]

    def zones(self) -> dict[str, KnownZone]:
        """Zones by zone id."""
        rows = self._con.execute(
            "select zone_id, digest, held_digest, read_at from known_zones"
        ).fetchall()
        return {key: KnownZone(digest, held, read_at) for key, digest, held, read_at in rows}

    def records(self, zone: str, zone_id: str) -> Sequence[Record]:
        """The last good records of one zone, in no order. May be called from several threads."""
        with self._lock:
            stretch = self._stretch(bisect_right(self._starts, zone))
        return stretch.records(zone_id)

    @cached_property
    def _starts(self) -> list[str]:
        """The first zone of every stretch but the first."""
        parts = slices(self._con, "select zone from known_records", rows=STRETCH)
        return [part.first for part in parts if part.first is not None]

    def _read_stretch(self, place: int) -> "_Stretch":
        bounds = [None, *self._starts, None]
        part = Slice(bounds[place], bounds[place + 1])
        query = part.of(f"select zone_id, {_RECORD} from known_records")
        return _Stretch(self._con.sql(f"from ({query}) order by zone_id").to_arrow_table())

    def close(self) -> None:
        self._con.close()


class _Stretch:
    """The records of neighbouring zones, each zone's one after another."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows.drop_columns(["zone_id"])
        self._places: dict[str, tuple[int, int]] = {}
        runs = pc.run_end_encode(rows["zone_id"].combine_chunks())
        start = 0
        for zone_id, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            self._places[zone_id] = (start, end - start)
            start = end

    def records(self, zone_id: str) -> list[Record]:
        rows = self._rows.slice(*self._places.get(zone_id, (0, 0))).to_pylist()
        return [Record(**row | {"tags": tuple(row["tags"])}) for row in rows]


def _last(lake: Lake, kind: Kind, provider: str, account: str) -> str:
    days = lake.layout.days(kind, provider, account)
    paths = [lake.layout.snapshot(kind, provider, account, days[-1])] if days else []
    return plain(SNAPSHOT_TABLES[kind], paths)
