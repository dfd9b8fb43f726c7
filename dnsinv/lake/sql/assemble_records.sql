-- The records of one account after this collection.
--
-- reads zone_uses         for each listed zone what its rows come from, and when it was read:
--                         'reading' (read and changed), 'seen' (read and unchanged), 'none' (hosted elsewhere),
--                         'kept' (not read, refused or failed: the last good rows stay)
--       readings          the rows read now, each identity once; those of zones of use 'reading' count
--       before_records    the account's last snapshot
-- gives the columns of record_snapshots
--
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
    unlisted as (
        select b.*
        from (from before_records where managed) b
        semi join (from zone_uses where use = 'reading') u using (zone_id)
        anti join (from readings where managed) n on n.zone_id = b.zone_id and n.type in (b.type, 'SOA')
    ),
    was as (
        select b.*, case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from before_records b
        semi join (from zone_uses where use = 'reading') u using (zone_id)
    ),
    listed as (
        select r.*, u.read_at,
            case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from readings r
        join zone_uses u using (zone_id)
        where u.use = 'reading'
    ),
    read_now as (
        select
            n.zone_id, n.zone, n.name, n.type, n.content, n.ttl, n.priority, n.proxied, n.managed, n.record_id,
            n.comment, n.tags,
            coalesce(w.first_seen_at, n.read_at) as first_seen_at,
            case
                when w.zone_id is not null
                    and (n.content, n.ttl, n.priority, n.proxied, n.comment, n.tags)
                    is not distinct from (w.content, w.ttl, w.priority, w.proxied, w.comment, w.tags)
                then w.valid_from
                else n.read_at
            end as valid_from,
            n.read_at as observed_at
        from listed n
        left join was w using (zone_id, name, type, key)
    )
from stayed
union all by name
from read_now
union all by name
from unlisted
