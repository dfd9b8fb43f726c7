"""What the lake knows of one account: the starting point of its next collection."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.records import Record
from dnsinv.lake.lake import SNAPSHOT_TABLES, Lake, plain, view
from dnsinv.lake.layout import Kind

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

    def records(self, zone_id: str) -> Sequence[Record]:
        """The last good records of one zone, in no order. May be called from several threads."""
        with self._lock:
            rows = self._con.execute(
                f"select {_RECORD} from known_records where zone_id = ?", [zone_id]
            ).fetchall()
        return [Record(*(*row[:10], tuple(row[10]))) for row in rows]

    def close(self) -> None:
        self._con.close()


def _last(lake: Lake, kind: Kind, provider: str, account: str) -> str:
    days = lake.layout.days(kind, provider, account)
    paths = [lake.layout.snapshot(kind, provider, account, days[-1])] if days else []
    return plain(SNAPSHOT_TABLES[kind], paths)
