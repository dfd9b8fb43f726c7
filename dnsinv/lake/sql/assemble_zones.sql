-- The zones of one account after this collection: what was read now, else what was known.
--
-- in    $listed_at        when the listing was made
--       $is_baseline      whether this is the account's first complete listing
-- reads listed            zone_id and name of the zones of the account now
--       before_zones      the account's last snapshot
--       outcomes          how the readings of this collection went, one row per zone tried
-- gives the columns of zone_snapshots
--
-- An outcome whose held_digest is null says nothing of what is held: a reading that failed does not settle it.

select
    l.zone_id,
    l.name,
    coalesce(o.state, b.state, 'unread') as state,
    case when o.state in ('complete', 'unchanged', 'no-zone-here') then o.attempted_at else b.read_at end as read_at,
    coalesce(o.attempted_at, b.attempted_at) as attempted_at,
    case when o.state = 'complete' then coalesce(o.serial, b.serial) else b.serial end as serial,
    case o.state when 'complete' then o.record_count when 'no-zone-here' then 0 else coalesce(b.record_count, 0) end
        as record_count,
    case o.state when 'complete' then o.digest when 'no-zone-here' then '' else coalesce(b.digest, '') end as digest,
    coalesce(o.held_digest, b.held_digest, '') as held_digest,
    case when o.state is null then coalesce(b.error, '') else o.error end as error,
    coalesce(b.first_seen_at, $listed_at) as first_seen_at,
    coalesce(b.was_baseline, $is_baseline) as was_baseline
from listed l
left join before_zones b on b.zone_id = l.zone_id
left join outcomes o on o.zone_id = l.zone_id
