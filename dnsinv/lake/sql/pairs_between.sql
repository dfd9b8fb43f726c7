-- The values of the touched zones that are not the same in two snapshots.
--
-- reads touched           zone_id
--       before_records, after_records   two snapshots of the account
-- gives zone_id, zone, name, type, before, after; null where absent
--
-- Identity is Cloudflare's record id, elsewhere the content.

with
    b as (
        select b.*, case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from before_records b semi join touched using (zone_id)
    ),
    a as (
        select a.*, case when record_id = '' then content || ' ' || coalesce(priority::varchar, '') else record_id end as key
        from after_records a semi join touched using (zone_id)
    )
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
