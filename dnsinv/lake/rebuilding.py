"""Deriving a day's changes from the snapshots again."""

from datetime import date

from dnsinv.errors import LakeError
from dnsinv.lake.lake import LOG_TABLES, SNAPSHOT_TABLES, Lake, one_file, sql, view
from dnsinv.lake.layout import Kind
from dnsinv.lake.publish import Publication


def rebuild_changes(lake: Lake, kind: Kind, provider: str, account: str, day: date) -> int:
    """Derive one day's changes from the snapshots again; the number of rows that stand afterwards.

    The finer rows of several collections of that day are kept where their sum is the difference of
    the two snapshots; where it is not, they give way to that difference (collection_id 'rebuilt').

    Raises:
        LakeError: there is no snapshot of that account and day.
    """
    layout = lake.layout
    days = layout.days(kind, provider, account)
    if day not in days:
        raise LakeError(f"The account {account} has no snapshot of {day}; nothing can be derived.")
    table, target = LOG_TABLES[kind], layout.changes(kind, provider, account, day)
    earlier = [known for known in days if known < day]
    with lake.open() as con:
        existing = con.execute(f"select count(*) from ({one_file(table, target)})").fetchall()[0][0]
        if not earlier:
            return int(existing)  # changes within the first day; the day itself is the baseline
        for name, when in (("before", earlier[-1]), ("after", day)):
            for each in ("domains", "zones", "records"):
                path = layout.snapshot(each, provider, account, when)
                view(con, f"{name}_{each}", one_file(SNAPSHOT_TABLES[each], path))
        view(con, "whole_log", one_file(table, target))
        if kind == "domains":
            ((listed_at,),) = con.execute("select max(observed_at) from after_domains").fetchall()
            query = sql("diff_domains")
            parameters = {"listed_at": listed_at, "collection_id": "rebuilt"}
            beyond = "false"
        else:
            con.execute(f"create temp table touched as {_TOUCHED_BETWEEN}")
            view(con, "pairs", sql("pairs_between"))
            query, parameters = sql("diff_records"), {"collection_id": "rebuilt"}
            beyond = _BEYOND
        view(con, "log", f"from whole_log l where not ({beyond})")
        con.execute(f"create temp table derived as {query}", parameters)
        if con.execute(sql(f"net_{kind}")).fetchall()[0][0]:
            return int(existing)
        publication = Publication(layout, f"rebuild-{kind}-{account}-{day}")
        kept = f"from whole_log l where {beyond}"
        rows = publication.write(con, f"{kept} union all by name from derived", table, target)
        publication.commit()
        publication.close()
        return rows


_TOUCHED_BETWEEN = """
    select a.zone_id, a.read_at as seen_at, coalesce(b.digest, '') <> '' as was_read,
        b.read_at is null and a.was_baseline as is_first
    from after_zones a left join before_zones b using (zone_id)
    where a.read_at is distinct from b.read_at
    union all
    select zone_id, (select max(observed_at) from after_domains), digest <> '', false
    from before_zones where zone_id not in (select zone_id from after_zones)
"""


# Changes of a zone first read that day, or of managed records first listed that day: the snapshots
# cannot show them, as the earlier one has nothing to compare with. They stay as they are.
_BEYOND = """
    l.zone_id in (select zone_id from touched where is_first)
    or (
        coalesce(l.before.managed, l.after.managed)
        and l.zone_id in (select zone_id from before_zones where digest <> '')
        and not exists (
            from before_records m where m.zone_id = l.zone_id and m.type = l.type and m.managed
        )
    )
"""
