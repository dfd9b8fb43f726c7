-- Every record value that an account in use serves now.
--
-- reads latest_records    the last snapshot of every account
--       zone_domains      the domain of each name
--       retired           accounts that were retired
-- gives the columns of dns_records

select r.*, coalesce(d.domain, r.zone) as domain, r.observed_at as last_seen_at
from latest_records r
left join zone_domains d on d.name = r.zone
where r.account not in (select account from retired)
