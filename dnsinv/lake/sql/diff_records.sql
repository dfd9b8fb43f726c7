-- What changed between two complete readings, in the zones that were read or left the account.
--
-- in    $collection_id    collection that found the changes
-- reads pairs             values that are not the same in both: zone_id, zone, name, type, before, after; null where absent
--       touched           zone_id, seen_at (when the change was seen), was_read (before, so that its records were known),
--                         is_first (first reading ever: a baseline, no changes)
--       before_records    the snapshot before
-- gives the columns of record_log
--
-- A value gone and another come under one name and type, when there is just one of each, is one modified value. Managed
-- records (SOA, apex NS) listed for the first time in a zone that was read before are no change: an API version began to
-- list them. Apex NS that come to a zone whose SOA was listed are one: a version that lists the SOA lists them too.

with
    known as (
        -- which managed records the snapshot before has
        select zone_id, list(distinct type) as types
        from before_records
        where managed
        group by zone_id
    ),
    noticed as (
        select p.*, t.seen_at
        from pairs p
        join touched t using (zone_id)
        left join known k using (zone_id)
        where not t.is_first
            and not (
                p.before is null
                and p.after.managed
                and t.was_read
                and not coalesce(list_has_any(k.types, [p.type, 'SOA']), false)
            )
    ),
    counted as (
        select
            *,
            count(*) filter (before is null) over same_set as come,
            count(*) filter (after is null) over same_set as gone,
            any_value(after) filter (before is null) over same_set as its_after
        from noticed
        window same_set as (partition by zone_id, name, type)
    )
select
    seen_at as observed_at,
    zone_id, zone, name, type,
    case
        when before is not null and after is not null then 'modified'
        when come = 1 and gone = 1 then 'modified'
        when before is null then 'added'
        else 'removed'
    end as change,
    $collection_id as collection_id,
    before,
    case when come = 1 and gone = 1 and after is null then its_after else after end as after
from counted
where not (come = 1 and gone = 1 and before is null)
