-- What changed in the zones; records that went along unaltered with a domain that moved are no change.
--
-- reads record_log        differences per account
--       record_history    what the other account had or has
--       moves             names that went from one account to another
-- gives observed_at, provider, account, zone, name, type, change, before, after, collection_id, zone_id, day
--
-- What is left out is a removal because the zone left its account, when the other account's first reading has the same
-- record, and an addition by that first reading, when the record left with the zone.

with
    first_readings as (
        select m.provider, m.name as zone, m.from_account, m.to_account, m.removed_at, m.removed_by,
            min(h.first_seen_at) as read_at
        from moves m
        join record_history h
            on h.provider = m.provider and h.account = m.to_account and h.zone = m.name
            and h.first_seen_at >= m.appeared_at
        group by all
    ),
    values_moved as (
        select f.provider, f.zone, f.from_account, f.to_account, f.removed_by, f.read_at,
            b.name, b.type, b.content, b.ttl, b.priority, b.proxied, b.comment, b.tags
        from first_readings f
        join record_history a
            on a.provider = f.provider and a.account = f.from_account and a.zone = f.zone and a.valid_to >= f.removed_at
        join record_history b
            on b.provider = f.provider and b.account = f.to_account and b.zone = f.zone and b.valid_from = f.read_at
            and (b.name, b.type, b.content, b.ttl, b.priority, b.proxied, b.comment, b.tags)
            is not distinct from (a.name, a.type, a.content, a.ttl, a.priority, a.proxied, a.comment, a.tags)
    )
select
    l.observed_at, l.provider, l.account, l.zone, l.name, l.type, l.change, l.before, l.after,
    l.collection_id, l.zone_id, l.day
from record_log l
where not exists (
    from values_moved v
    where l.provider = v.provider
        and l.zone = v.zone
        and l.name = v.name
        and l.type = v.type
        and (
            (
                l.change = 'removed' and l.account = v.from_account and l.collection_id = v.removed_by
                and l.before.content = v.content
                and l.before.priority is not distinct from v.priority
            )
            or (
                l.change = 'added' and l.account = v.to_account and l.observed_at = v.read_at
                and l.after.content = v.content
                and l.after.priority is not distinct from v.priority
            )
        )
)
