-- How long ago the zones of each account were completely read.
--
-- in    $at                         the instant from which ages count
-- reads zones                       table of the read model
-- gives provider, account, within an hour, six hours, a day, a week, all zones (those never read as well)

select
    provider,
    account,
    count(*) filter (read_at >= $at::timestamptz - interval 1 hour),
    count(*) filter (read_at >= $at::timestamptz - interval 6 hour),
    count(*) filter (read_at >= $at::timestamptz - interval 1 day),
    count(*) filter (read_at >= $at::timestamptz - interval 7 day),
    count(*)
from zones
group by all
order by provider, account;
