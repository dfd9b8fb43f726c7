-- Current records of all domains.
--
-- in    {per_domain}      records of each, at most ten
-- reads names
-- gives the columns of dns_records

select
    n.name as zone,
    ['www', 'mail', 'api', 'ftp', 'shop', 'vpn', 'cdn', 'blog', 'git', 'ns1'][1 + k % 10] || '.' || n.name as name,
    ['A', 'A', 'AAAA', 'TXT', 'CNAME', 'MX', 'A', 'A', 'CNAME', 'A'][1 + k % 10] as type,
    case k % 10
        when 2 then '2001:db8::' || to_hex(i % 65536)
        when 3 then '"v=spf1 include:_spf' || (i % 97) || '.mail.example -all"'
        when 4 then 'edge-' || (i % 311) || '.cdn.example'
        when 5 then 'mx' || (i % 7) || '.mail.example'
        when 8 then 'edge-' || (i % 311) || '.cdn.example'
        else '192.0.' || (i % 256) || '.' || (k + 1)
    end as content,
    [300, 3600, 1][1 + i % 3] as ttl,
    case when k % 10 = 5 then 10 end as priority,
    null as proxied,
    false as managed,
    n.name as domain,
    ['godaddy', 'cloudflare'][1 + i % 2] as provider,
    ['gd-0', 'cf-main'][1 + i % 2] as account,
    n.name as zone_id,
    '' as record_id,
    '' as comment,
    []::varchar[] as tags,
    timestamptz '2026-01-01 00:00Z' as first_seen_at,
    timestamptz '2026-01-02 09:00Z' as last_seen_at,
    1 as entry,
    null::varchar as attributes
from names n, range({per_domain}) records(k)
