-- Changes of a day that its snapshot contradicts: what came last must be there, what went must not.
--
-- in    $provider, $account, $day   the day
-- reads record_log, record_snapshots
-- gives problems, examples, changes
--
-- Each change takes one value away and puts one there; what remains of that over the day is judged.

with
    log as (
        select zone_id, name, type, before, after from record_log
        where provider = $provider and account = $account and day = $day
    ),
    steps as (
        select zone_id, name, type, before.content as content, before.ttl as ttl, before.priority as priority,
            before.record_id as record_id, -1 as n
        from log where before is not null
        union all
        select zone_id, name, type, after.content, after.ttl, after.priority, after.record_id, 1
        from log where after is not null
    ),
    net as (
        select zone_id, name, type, content, ttl, priority, record_id, sum(n)::integer as n
        from steps group by all having sum(n) <> 0
    ),
    contradicted as (
        select net.name || ' ' || net.type || ' ' || net.content as text
        from net
        left join record_snapshots s
            on s.provider = $provider and s.account = $account and s.day = $day
            and s.zone_id = net.zone_id and s.name = net.name and s.type = net.type and s.content = net.content
            and s.ttl = net.ttl and s.priority is not distinct from net.priority and s.record_id = net.record_id
        where (net.n > 0) <> (s.zone_id is not null)
    )
select
    (select count(*) from contradicted) as problems,
    coalesce((select list(text order by text) from contradicted)[:5], []) as examples,
    (select count(*) from log) as changes
