-- Whether a snapshot has any row.
--
-- in    $provider, $account, $day   the snapshot
-- reads {dataset}                   domain_snapshots or record_snapshots
-- gives problems (1 = it is empty), examples, rows

select (count(*) = 0)::integer as problems, []::varchar[] as examples, count(*) as rows
from {dataset}
where provider = $provider and account = $account and day = $day
