"""Which rows of a list are meant and in which order: conditions in SQL, the same for every door.

Values are named parameters. What only people know (owners, tags) is looked up in the tables of
people.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnsinv.errors import UsageError

CURRENT = "removed_on is null"
_USER, _GROUP = "user_id = $user", "group_id = $group"
_OWNS = "select domain from people.owned_domains where {column}"
_OWNS_RECORD = "select name, type, content from people.owned_records where {column}"
_HAS_ITS_OWN = "(name, type, content) in (select name, type, content from people.owned_records)"


def _record_owned(column: str) -> str:
    return (
        f"(name, type, content) in ({_OWNS_RECORD.format(column=column)}) or "
        f"domain in ({_OWNS.format(column=column)}) and not {_HAS_ITS_OWN}"
    )


_DOMAINS = {
    "search": "contains(search, lower($search))",
    "pair": "status = $pair",
    "word": "(godaddy_status = $word or cloudflare_status = $word)",
    "provider": "contains(providers, ' ' || $provider || ' ')",
    "expiring": "expires_on <= $expiring::date",
    "user": f"name in ({_OWNS.format(column=_USER)})",
    "group": f"name in ({_OWNS.format(column=_GROUP)})",
    "unowned": "name not in (select domain from people.owned_domains)",
    "tag": "name in (select domain from people.annotations where list_contains(tags, $tag))",
    "removed": "removed_on is not null",
}
_RECORDS = {
    "search": "contains(search, lower($search))",
    "domain": "(domain = $domain or zone = $domain)",
    "type": "type = $type",
    "provider": "provider = $provider",
    "user": _record_owned(_USER),
    "group": _record_owned(_GROUP),
    "unowned": f"domain not in (select domain from people.owned_domains) and not {_HAS_ITS_OWN}",
}
_CHANGES = {
    "since": "observed_at >= $since::timestamptz",
    "until": "observed_at < $until::timestamptz",
    "kind": "kind = $kind",
    "domain": "(zone = $domain or name = $domain or ends_with(zone, '.' || $domain))",
    "name": "name = $name",
    "type": "type = $type",
    "change": "change = $change",
    "provider": "provider = $provider",
    "account": "account = $account",
}
CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "domains": _DOMAINS,
    "dns_records": _RECORDS,
    "changes": _CHANGES,
}
ABOUT_PEOPLE = {"user", "group", "unowned", "tag"}

DOMAIN_SORTS = (
    "name", "unicode_name", "status", "expires_on", "registered_on", "discovered_on",
    "first_seen_at", "last_seen_at", "removed_on", "record_count",
)  # fmt: skip
RECORD_SORTS = (
    "name",
    "type",
    "content",
    "ttl",
    "domain",
    "provider",
    "first_seen_at",
    "last_seen_at",
)
SORTS: Mapping[str, tuple[str, ...]] = {"domains": DOMAIN_SORTS, "dns_records": RECORD_SORTS}


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows of one list of the read model; two that are equal choose the same."""

    table: str
    values: tuple[tuple[str, Any], ...] = ()
    sort: str = ""

    @property
    def is_about_people(self) -> bool:
        return not ABOUT_PEOPLE.isdisjoint(name for name, _ in self.values)

    @property
    def conditions(self) -> str:
        """One condition that holds them all."""
        given = [f"({CONDITIONS[self.table][name]})" for name, _ in self.values]
        if self.table == "domains" and not any(name == "removed" for name, _ in self.values):
            given.append(CURRENT)
        return " and ".join(given) or "true"

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the conditions, by name."""
        return {name: value for name, value in self.values if value is not True}

    @property
    def is_of_domain_names(self) -> bool:
        """Whether it searches in the names of domains, beside whatever else."""
        return self.table == "domains" and bool(self.search)

    @property
    def search(self) -> str:
        return str(dict(self.values).get("search", ""))

    def without_search(self) -> "Choice":
        """The same whatever the texts."""
        rest = tuple(each for each in self.values if each[0] != "search")
        return Choice(self.table, rest, self.sort)

    def query(self, columns: str) -> str:
        """Columns of these rows in their order, equal ones in that of the table."""
        rows = f"select {columns} from {self.table} where {self.conditions}"
        if not self.sort:
            return rows
        column = self.sort.removeprefix("-")
        down = " desc" if self.sort.startswith("-") else ""
        by = "rowid" if column == "name" else f'"{column}"'
        return f"{rows} order by {by}{down} nulls last, rowid"


def choice(table: str, values: Mapping[str, Any], sort: str = "name") -> Choice:
    """A choice by the conditions that have a value.

    Raises:
        UsageError: there is no such order.
    """
    if table in SORTS and sort.removeprefix("-") not in SORTS[table]:
        raise UsageError(
            f"There is no sort {sort[:40]!r}; there are: {', '.join(SORTS[table])}, "
            'each with "-" in front for descending.'
        )
    given = tuple((name, value) for name, value in sorted(values.items()) if _is_given(value))
    return Choice(table, given, "" if sort == "name" else sort)


def _is_given(value: object) -> bool:
    return value is not None and value is not False and value != ""
