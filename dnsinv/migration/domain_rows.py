"""Rows of domains from items, as a template's mapping of domains says."""

from collections.abc import Mapping as Columns
from typing import Any

from dnsinv.migration.columns import Column, Convert
from dnsinv.migration.faults import Faults
from dnsinv.migration.frames import Frame
from dnsinv.migration.paths import path
from dnsinv.migration.templates import DomainColumn, Domains
from dnsinv.migration.values import day, flag, hosts, name, owners, status, statuses

_READ: Columns[DomainColumn, Convert] = {
    "name": name,
    "status": statuses,
    "godaddy_status": status,
    "cloudflare_status": status,
    "discovered_on": day,
    "registered_on": day,
    "expires_on": day,
    "auto_renew": flag,
    "locked": flag,
    "privacy": flag,
    "nameservers": hosts,
    "owners": owners,
}
_OF_STATUS = ("godaddy_status", "cloudflare_status")  # in the order of statuses()


class DomainRows:
    """Makes rows of all that becomes a domain."""

    def __init__(self, domains: Domains) -> None:
        self._ways = [path(text) for text in domains.each]
        self._columns = {
            column: Column(mapping, _READ[column], is_needed=column == "name")
            for column, mapping in domains.columns.items()
        }

    def frame(self, items: Frame) -> Frame:
        """What becomes a domain."""
        return items.below(self._ways) if self._ways else items

    def columns(self, frame: Frame, faults: Faults) -> dict[str, Any]:
        """The columns that the mapping fills, one value for each value of the frame."""
        found: dict[str, Any] = {
            name: column.read(frame, faults) for name, column in self._columns.items()
        }
        both = found.pop("status", None)
        if both is not None and any(both):
            for place, name in enumerate(_OF_STATUS):
                own = found.get(name)
                if own is not None and all(own):
                    continue
                alone = [each and each[place] for each in both]
                found[name] = (
                    alone if own is None else [a or b for a, b in zip(own, alone, strict=True)]
                )
        return found
