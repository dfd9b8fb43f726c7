-- The records of one account after this collection, and how each compares with the one before.
--
-- reads zone_uses         for each listed zone what its rows come from, and when it was read:
--                         'reading' (read and changed), 'seen' (read and unchanged), 'none' (hosted elsewhere),
--                         'kept' (not read, refused or failed: the last good rows stay)
--       touched           the zones of use 'reading' or 'none', and those that left the account (use 'gone')
--       readings          the rows read now, each identity once; those of zones of use 'reading' count
--       before_records    the account's last snapshot
-- gives the columns of record_snapshots, and change: 'added', 'modified', '' (as it was), or 'removed', whose rows are of before
--
-- Identity is Cloudflare's record id, elsewhere the content.
-- Managed records (SOA, apex NS) that this reading does not list at all stay: some API versions leave them out. One
-- that lists the SOA lists the apex NS too, so where it lists none there are none.
-- `was` and `listed` are used once each: DuckDB keeps whole in memory what two steps share.

with
    stayed as (
        select b.* replace (case when u.use = 'seen' then u.read_at else b.observed_at end as observed_at)
        from before_records b
        join zone_uses u using (zone_id)
        where u.use in ('seen', 'kept')
    ),
    managed_types as (
        select zone_id, list(distinct type) as types from readings where managed group by zone_id
    ),
    was as (
        select
            b.*,
            case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key,
            b.managed and t.use = 'reading' and not coalesce(list_has_any(m.types, [b.type, 'SOA']), false) as is_unlisted
        from before_records b
        join touched t using (zone_id)
        left join managed_types m using (zone_id)
    ),
    listed as (
        select r.*, u.read_at,
            case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from readings r
        join zone_uses u using (zone_id)
        where u.use = 'reading'
    ),
    compared as (
        select
            coalesce(n.zone_id, w.zone_id) as zone_id,
            coalesce(n.zone, w.zone) as zone,
            coalesce(n.name, w.name) as name,
            coalesce(n.type, w.type) as type,
            coalesce(n.content, w.content) as content,
            coalesce(n.managed, w.managed) as managed,
            coalesce(n.record_id, w.record_id) as record_id,
            case when n.zone_id is null then w.ttl else n.ttl end as ttl,
            case when n.zone_id is null then w.priority else n.priority end as priority,
            case when n.zone_id is null then w.proxied else n.proxied end as proxied,
            case when n.zone_id is null then w.comment else n.comment end as comment,
            case when n.zone_id is null then w.tags else n.tags end as tags,
            case
                when n.zone_id is null then if(w.is_unlisted, '', 'removed')
                when w.zone_id is null then 'added'
                when n.content is distinct from w.content
                    or n.ttl is distinct from w.ttl
                    or n.priority is distinct from w.priority
                    or n.proxied is distinct from w.proxied
                    or n.comment is distinct from w.comment
                    or n.tags is distinct from w.tags
                then 'modified'
                else ''
            end as change,
            coalesce(w.first_seen_at, n.read_at) as first_seen_at,
            if(change = '', w.valid_from, n.read_at) as valid_from,
            coalesce(n.read_at, w.observed_at) as observed_at
        from listed n
        full join was w
            on n.zone_id = w.zone_id and n.name = w.name and n.type = w.type and n.key = w.key
    )
select *, '' as change from stayed
union all by name
from compared
