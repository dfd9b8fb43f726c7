-- How many domains there are, and how many of them nobody owns.
--
-- reads domains     current and removed ones; the latter do not count
--       given       name: what anybody owns
-- gives total, unowned

select
    count(*) as total,
    count(*) filter (given.name is null) as unowned
from domains
left join given on given.name = domains.name
where domains.removed_on is null
