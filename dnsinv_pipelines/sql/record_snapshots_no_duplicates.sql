-- Records that stand in one snapshot more than once.
--
-- in    $provider, $account, $day   the snapshot
-- reads record_snapshots
-- gives problems, examples, rows

with
    found as (
        select name, type, content, count(*) as times
        from record_snapshots
        where provider = $provider and account = $account and day = $day
        group by zone_id, name, type, record_id, content, priority
    ),
    doubled as (
        select name || ' ' || type || ' ' || content as text from found where times > 1
    )
select
    (select count(*) from doubled) as problems,
    coalesce((select list(text order by text) from doubled)[:5], []) as examples,
    (select coalesce(sum(times), 0) from found)::bigint as rows
