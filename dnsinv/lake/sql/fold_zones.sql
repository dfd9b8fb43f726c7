-- Every zone of the accounts in use, with the domain it belongs to.
--
-- reads latest_zones      the last snapshot of every account
--       zone_domains      the domain of each name
--       retired           accounts that were retired
-- gives the columns of zones

select z.*, coalesce(d.domain, z.name) as domain
from latest_zones z
left join zone_domains d using (name)
where z.account not in (select account from retired)
