-- Current domains: every hundredth is gone, one in fifty has a Unicode name.
--
-- in    {per_domain}      records of each
-- reads names
-- gives the columns of domains

select
    name,
    case when i % 50 = 0 then 'bücher-' || name else name end as unicode_name,
    ['active', 'active', 'active', 'expired', 'locked', 'pending', '-'][1 + i % 7] as godaddy_status,
    ['active', '-', 'active', 'parked'][1 + i % 4] as cloudflare_status,
    '(' || godaddy_status || ', ' || cloudflare_status || ')' as status,
    current_date + ((i * 37) % 730 - 20)::integer as expires_on,
    date '2015-01-01' + (i % 3000)::integer as registered_on,
    i % 3 <> 0 as auto_renew,
    i % 5 = 0 as locked,
    i % 2 = 0 as privacy,
    ['ns1.dns.example', 'ns2.dns.example'] as nameservers,
    date '2026-01-01' as discovered_on,
    timestamptz '2026-01-01 00:00Z' + interval 1 second * (i % 86400) as first_seen_at,
    timestamptz '2026-01-02 09:00Z' as last_seen_at,
    case when i % 100 = 99 then date '2026-01-02' end as removed_on,
    {per_domain} as record_count,
    ['godaddy/gd-' || (i % 3), 'cloudflare/cf-main'] as sources,
    null::varchar as attributes
from names
