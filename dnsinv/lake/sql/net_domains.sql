-- Whether a day's log adds up to the difference between its two snapshots.
--
-- reads log               the day's rows as they stand
--       derived           the difference of the snapshots
-- gives one boolean
--
-- Each row takes one state away and puts one there; what remains of that over the day must be the same on both sides.

with
    steps as (
        select name, before as v, -1 as n from log where before is not null
        union all
        select name, after, 1 from log where after is not null
    ),
    net as (
        select
            name, v.provider_id, v.status, v.expires_on, v.registered_on, v.auto_renew, v.locked, v.privacy,
            v.nameservers, sum(n)::int as n
        from steps group by all having sum(n) <> 0
    ),
    wanted_steps as (
        select name, before as v, -1 as n from derived where before is not null
        union all
        select name, after, 1 from derived where after is not null
    ),
    wanted as (
        select
            name, v.provider_id, v.status, v.expires_on, v.registered_on, v.auto_renew, v.locked, v.privacy,
            v.nameservers, sum(n)::int as n
        from wanted_steps group by all having sum(n) <> 0
    )
select not exists (from net except all from wanted) and not exists (from wanted except all from net)
