-- What changed on each of the last thirty days, days without a change included.
--
-- in    $today
-- reads domain_changes, record_changes      tables of the read model
-- gives day, added, removed, modified, moved (domains), records_added, records_removed, records_modified; oldest first

with
    days as (
        select unnest(generate_series($today::date - 29, $today::date, interval 1 day))::date as day
    ),
    changes as (
        select day, 'domain' as kind, change from domain_changes where day >= $today::date - 29
        union all
        select day, 'record', change from record_changes where day >= $today::date - 29
    )
select
    day,
    count(*) filter (kind = 'domain' and change = 'added') as added,
    count(*) filter (kind = 'domain' and change = 'removed') as removed,
    count(*) filter (kind = 'domain' and change = 'modified') as modified,
    count(*) filter (kind = 'domain' and change = 'moved') as moved,
    count(*) filter (kind = 'record' and change = 'added') as records_added,
    count(*) filter (kind = 'record' and change = 'removed') as records_removed,
    count(*) filter (kind = 'record' and change = 'modified') as records_modified
from days
left join changes using (day)
group by day
order by day;
