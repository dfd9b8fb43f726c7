-- The latest changes, of domains and records together.
--
-- in    $rows
-- reads domain_changes, record_changes      tables of the read model
-- gives observed_at, account, name, type ('' for a domain), change, before, after ('' where there is none)

with
    domains_changed as (
        select
            observed_at, account, name, '' as type, change,
            coalesce(moved_from, before.status, '') as before,
            case when moved_from is null then coalesce(after.status, '') else account end as after
        from domain_changes
        order by rowid
        limit $rows
    ),
    records_changed as (
        select
            observed_at, account, name, type, change,
            coalesce(before.content, '') as before, coalesce(after.content, '') as after
        from record_changes
        order by rowid
        limit $rows
    )
from domains_changed
union all
from records_changed
order by observed_at desc, name, type, change
limit $rows;
