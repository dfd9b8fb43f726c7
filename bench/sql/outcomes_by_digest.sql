-- The same where zones that had not changed were told by their digest.
--
-- in    {before}, {after}  two days' outcomes
-- gives one row per zone

select a.* replace (if(a.digest = b.digest, 'unchanged', a.state) as state)
from {after} a
join {before} b using (zone_id)
