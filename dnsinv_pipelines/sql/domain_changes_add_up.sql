-- Changes of a day that its snapshot contradicts: what came last must be there, what went must not.
--
-- in    $provider, $account, $day   the day
-- reads domain_log, domain_snapshots
-- gives problems, examples, changes
--
-- Each change takes one state away and puts one there; what remains of that over the day is judged.

with
    log as (
        select name, before, after from domain_log
        where provider = $provider and account = $account and day = $day
    ),
    steps as (
        select name, before.provider_id as provider_id, before.status as status, before.expires_on as expires_on, -1 as n
        from log where before is not null
        union all
        select name, after.provider_id, after.status, after.expires_on, 1 from log where after is not null
    ),
    net as (
        select name, provider_id, status, expires_on, sum(n)::integer as n
        from steps group by all having sum(n) <> 0
    ),
    contradicted as (
        select net.name as text
        from net
        left join domain_snapshots s
            on s.provider = $provider and s.account = $account and s.day = $day
            and s.name = net.name and s.provider_id = net.provider_id and s.status = net.status
            and s.expires_on is not distinct from net.expires_on
        where (net.n > 0) <> (s.name is not null)
    )
select
    (select count(*) from contradicted) as problems,
    coalesce((select list(text order by text) from contradicted)[:5], []) as examples,
    (select count(*) from log) as changes
