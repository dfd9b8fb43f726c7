-- The inventory in one row.
--
-- in    $today
-- reads domains, dns_records        tables of the read model
-- gives domains, on_both (active at both providers), expiring (within 30 days), expired (and still listed), records,
--       observed_at (the latest observation of any domain)

select
    count(*) as domains,
    count(*) filter (godaddy_status = 'active' and cloudflare_status = 'active') as on_both,
    count(*) filter (expires_on between $today::date and $today::date + 30) as expiring,
    count(*) filter (expires_on < $today::date) as expired,
    (select count(*) from dns_records) as records,
    max(last_seen_at) as observed_at
from domains
where removed_on is null;
