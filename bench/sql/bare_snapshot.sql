-- Bare reference: the new snapshot, with what is carried over from the one before.
--
-- in    $now              when the zones were read
-- reads readings, before
-- gives the columns of record_snapshots

select
    a.*,
    coalesce(b.first_seen_at, $now) as first_seen_at,
    case
        when (a.ttl, a.proxied, a.comment, a.tags) is not distinct from (b.ttl, b.proxied, b.comment, b.tags)
        then b.valid_from
        else $now
    end as valid_from,
    $now as observed_at
from readings a
left join before b
    on a.zone_id = b.zone_id
    and a.name = b.name
    and a.type = b.type
    and a.content = b.content
    and a.priority is not distinct from b.priority
