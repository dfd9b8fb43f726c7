-- What changed between two complete readings, in the zones that were read or left the account.
--
-- in    $collection_id    collection that found the changes
-- reads touched           zone_id, seen_at (when the change was seen), is_first (first reading ever: a baseline, no changes)
--       before_records, after_records   two snapshots of the account
--       before_zones      which zones had been read before
-- gives the columns of record_log
--
-- Identity is Cloudflare's record id, elsewhere the content. A value gone and another come under one name and type,
-- when there is just one of each, is one modified value. Managed records (SOA, apex NS) listed for the first time in
-- a zone that was read before are no change: an API version began to list them. Apex NS that come to a zone whose SOA was
-- listed are one: a version that lists the SOA lists them too.

with
    b as (
        select b.*, case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from before_records b semi join touched using (zone_id)
    ),
    a as (
        select a.*, case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from after_records a semi join touched using (zone_id)
    ),
    pairs as (
        select
            coalesce(a.zone_id, b.zone_id) as zone_id,
            coalesce(a.zone, b.zone) as zone,
            coalesce(a.name, b.name) as name,
            coalesce(a.type, b.type) as type,
            case when b.zone_id is not null then b end as before,
            case when a.zone_id is not null then a end as after
        from a full join b
            on a.zone_id = b.zone_id and a.name = b.name and a.type = b.type and a.key = b.key
        where a.zone_id is null
            or b.zone_id is null
            or (a.content, a.ttl, a.priority, a.proxied, a.comment, a.tags)
            is distinct from (b.content, b.ttl, b.priority, b.proxied, b.comment, b.tags)
    ),
    noticed as (
        select p.*, t.seen_at
        from pairs p
        join touched t using (zone_id)
        where not t.is_first
            and not (
                p.before is null
                and p.after.managed
                and exists (from before_zones z where z.zone_id = p.zone_id and z.digest <> '')
                and not exists (
                    from before_records m
                    where m.zone_id = p.zone_id and m.managed and m.type in (p.type, 'SOA')
                )
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
