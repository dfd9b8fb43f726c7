-- Bare reference: what differs between two snapshots.
--
-- in    $now              when the zones were read
-- reads record_snapshots, before
-- gives the columns of record_log

select
    $now as observed_at,
    coalesce(a.zone_id, b.zone_id) as zone_id,
    coalesce(a.zone, b.zone) as zone,
    coalesce(a.name, b.name) as name,
    coalesce(a.type, b.type) as type,
    case when b.zone_id is null then 'added' when a.zone_id is null then 'removed' else 'modified' end as change,
    'bare' as collection_id,
    case when b.zone_id is not null then b end as before,
    case when a.zone_id is not null then a end as after
from record_snapshots a
full join before b
    on a.zone_id = b.zone_id
    and a.name = b.name
    and a.type = b.type
    and a.content = b.content
    and a.priority is not distinct from b.priority
where (a.zone_id, a.ttl, a.proxied, a.comment, a.tags)
    is distinct from (b.zone_id, b.ttl, b.proxied, b.comment, b.tags)
