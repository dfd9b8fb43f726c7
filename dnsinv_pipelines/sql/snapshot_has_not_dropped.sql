-- Whether a snapshot has lost more than a share of its rows since the day before that was observed.
--
-- in    $provider, $account, $day   the snapshot
--       $share                      the share from which on it is a problem
-- reads {dataset}                   domain_snapshots or record_snapshots
-- gives problems (1 = dropped), examples, rows, rows_before, drop_share

with
    previous as (
        select max(day) as day
        from {dataset}
        where provider = $provider and account = $account and day < $day
    ),
    counts as (
        select
            count(*) filter (s.day = $day) as rows,
            count(*) filter (s.day = p.day) as rows_before
        from {dataset} s, previous p
        where s.provider = $provider and s.account = $account and (s.day = $day or s.day = p.day)
    )
select
    (rows_before > 0 and rows_before - rows > $share * rows_before)::integer as problems,
    []::varchar[] as examples,
    rows,
    rows_before,
    case when rows_before > 0 then greatest(0, rows_before - rows) / rows_before else 0 end as drop_share
from counts
