-- The domains of a legacy file, in no order.
--
-- in    {records}   how many
-- gives domain, status, discovery_date, godaddy_status, cloudflare_status

select
    'domain-' || n || ['.example.com', '.example.org', '.example.net'][n % 3 + 1] as domain,
    ['active', 'expired', 'pending', 'inactive'][n % 4 + 1] as status,
    strftime(date '2024-01-01' - (n % 3000)::integer, '%Y-%m-%d') as discovery_date,
    ['active', 'expired'][n % 2 + 1] as godaddy_status,
    ['active', 'inactive'][n % 7 % 2 + 1] as cloudflare_status
from (select unnest(range({records})) * 7919 % {records} as n)
