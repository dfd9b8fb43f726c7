-- The inventory in one row of numbers.
--
-- in    $today
-- reads domains, dns_records, zones         tables of the read model
--       people.owned_domains
-- gives domains, removed, records, zones, expiring (within 30 days), expired (and still listed), unowned, observed_at

select
    count(*) filter (removed_on is null) as domains,
    count(*) filter (removed_on is not null) as removed,
    (select count(*) from dns_records) as records,
    (select count(*) from zones) as zones,
    count(*) filter (removed_on is null and expires_on between $today::date and $today::date + 30) as expiring,
    count(*) filter (removed_on is null and expires_on < $today::date) as expired,
    count(*) filter (removed_on is null and name not in (select domain from people.owned_domains)) as unowned,
    replace(strftime(max(last_seen_at), '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z') as observed_at
from domains
