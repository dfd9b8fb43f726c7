-- The rows of a file in the order of their keys, each with its batch and with what becomes of it.
--
-- reads raw_domains, raw_records   the rows that the template made
--       known_assets               as known_assets.sql gives it
-- takes $batch_size, $strategy
-- gives kind, zone, name, type, content, priority, the values, key, batch, existed, outcome
--
-- Equal keys stand in one batch, so that batches are independent of one another.

with
    said as (
        select 0 as kind, name as zone, '' as name, '' as type, '' as content, null::integer as priority, * exclude (name)
        from raw_domains
        union all by name
        select 1 as kind, domain as zone, * exclude (domain)
        from raw_records
    ),
    placed as (
        select
            *,
            row_number() over keys as place,
            row_number() over (partition by zone, kind, name, type, content, priority order by item) as nth
        from said
        window keys as (order by zone, kind, name, type, content, priority, item)
    ),
    numbered as (
        select *, count(*) filter (nth = 1) over (order by place rows unbounded preceding) as key
        from placed
    ),
    compared as (
        select
            n.*,
            ((key - 1) // $batch_size + 1)::integer as batch,
            case when n.kind = 1 and z.existed is not null then z.existed when nth > 1 then 'file' else k.existed end as existed,
            n.kind = 1 and z.existed is not null as is_served
        from numbered n
        left join known_assets k
            on k.kind = n.kind and k.zone = n.zone and k.name = n.name and k.type = n.type and k.content = n.content
            and k.priority is not distinct from n.priority and (k.kind = 0 or k.name <> '')
        left join known_assets z on n.kind = 1 and z.kind = 1 and z.name = '' and z.zone = n.zone
    )
select
    * exclude (is_served),
    case
        when is_served then 'skipped'
        when existed is null then 'new'
        else {'skip': 'skipped', 'replace': 'replaced', 'merge': 'merged', 'append': 'appended'}[$strategy]
    end as outcome
from compared
