-- Domains that stand in the inventory more than once.
--
-- reads domains
-- gives problems, examples, rows

with
    found as (select name, count(*) as times from domains group by name)
select
    count(*) filter (times > 1) as problems,
    coalesce((list(name order by name) filter (times > 1))[:5], []) as examples,
    coalesce(sum(times), 0)::bigint as rows
from found
