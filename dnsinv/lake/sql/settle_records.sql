-- What imports say of records in zones that no provider serves here, settled: one row per value, and one per appended copy.
--
-- reads imported_records   what the items of imported files say
--       zones              the zones of the accounts in use
-- gives zone, name, type, content, priority, entry (1; 2 and more for copies), the values, imported_at, account
--
-- A zone that was read completely is known to the last record: what a file says beside is not so (any more). For the order
-- see settle_domains.sql.

with
    said as (
        select * from imported_records
        where (strategy <> 'skip' or existed is null or existed in ('import', 'file'))
            and zone not in (select name from zones where read_at is not null)
    ),
    ordered as (
        select
            *,
            row_number() over (partition by zone, name, type, content, priority order by migration, batch, place) as nth,
            strategy = 'append' and nth > 1 as is_copy
        from said
    ),
    numbered as (
        select
            *,
            bool_or(not is_copy) over (partition by zone, name, type, content, priority) as has_first,
            case
                when is_copy then
                    sum(is_copy::integer) over (partition by zone, name, type, content, priority order by nth) + has_first::integer
                else 1
            end as entry
        from ordered
    ),
    lasting as (
        select
            *,
            coalesce(max(nth) filter (strategy = 'replace') over (partition by zone, name, type, content, priority, entry), 0) as replaced_at
        from numbered
    )
select
    zone, name, type, content, priority, entry,
    arg_min(ttl, nth) as ttl,
    list_reduce(list(attributes order by nth desc) filter (attributes is not null), lambda a, b: json_merge_patch(a, b)) as attributes,
    min(least(imported_at, discovered_on::timestamp at time zone 'UTC')) as first_imported_at,
    max(imported_at) as imported_at,
    arg_min(migration, nth) as account
from lasting
where nth >= replaced_at
    and (strategy <> 'skip' or nth = 1)
group by zone, name, type, content, priority, entry
