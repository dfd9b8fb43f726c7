-- Whether a day's log adds up to the difference between its two snapshots.
--
-- reads log               the day's rows as they stand
--       derived           the difference of the snapshots
-- gives one boolean
--
-- Each row takes one value away and puts one there; what remains of that over the day must be the same on both sides.

with
    steps as (
        select zone_id, name, type, before as v, -1 as n from log where before is not null
        union all
        select zone_id, name, type, after, 1 from log where after is not null
    ),
    net as (
        select zone_id, name, type, v.content, v.ttl, v.priority, v.proxied, v.record_id, v.comment, v.tags, sum(n)::int as n
        from steps group by all having sum(n) <> 0
    ),
    wanted_steps as (
        select zone_id, name, type, before as v, -1 as n from derived where before is not null
        union all
        select zone_id, name, type, after, 1 from derived where after is not null
    ),
    wanted as (
        select zone_id, name, type, v.content, v.ttl, v.priority, v.proxied, v.record_id, v.comment, v.tags, sum(n)::int as n
        from wanted_steps group by all having sum(n) <> 0
    )
select not exists (from net except all from wanted) and not exists (from wanted except all from net)
