-- What changed in the zones; records that went along unaltered with a domain that moved are no change.
--
-- reads record_log        differences per account
--       record_history    what the other account had or has
--       moves             names that went from one account to another
-- gives observed_at, provider, account, zone, name, type, change, before, after, collection_id, zone_id, day

select
    l.observed_at, l.provider, l.account, l.zone, l.name, l.type, l.change, l.before, l.after,
    l.collection_id, l.zone_id, l.day
from record_log l
where not exists (
    from moves m
    join record_history h
        on h.provider = m.provider
        and h.zone = m.name
        and h.account = case when l.change = 'removed' then m.to_account else m.from_account end
    where l.change in ('removed', 'added')
        and m.provider = l.provider
        and m.name = l.zone
        and l.account = case when l.change = 'removed' then m.from_account else m.to_account end
        and h.name = l.name
        and h.type = l.type
        and h.content = coalesce(l.before.content, l.after.content)
        and h.ttl = coalesce(l.before.ttl, l.after.ttl)
        and h.priority is not distinct from coalesce(l.before.priority, l.after.priority)
        and abs(epoch(l.observed_at) - epoch(m.removed_at)) <= 7 * 86400
)
