-- Domains that stand in one snapshot more than once.
--
-- in    $provider, $account, $day   the snapshot
-- reads domain_snapshots
-- gives problems, examples, rows

with
    found as (
        select name, provider_id, count(*) as times
        from domain_snapshots
        where provider = $provider and account = $account and day = $day
        group by name, provider_id
    )
select
    count(*) filter (times > 1) as problems,
    coalesce((list(name order by name) filter (times > 1))[:5], []) as examples,
    coalesce(sum(times), 0)::bigint as rows
from found
