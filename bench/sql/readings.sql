-- The records that a day's readings found; one in a hundred has another value on each day.
--
-- in    {zones}, {per_zone}, {day}
-- gives one row per record, nearly in order of zone, as zones are read

with places as (
    select i, j, i * {per_zone} + j as n, 'zone-' || lpad(i::varchar, 6, '0') || '.example' as zone
    from range({zones}) zones(i), range({per_zone}) records(j)
)
select zone as zone_id, zone, 'host-' || j || '.' || zone as name,
    case j % 4 when 2 then 'TXT' when 3 then 'MX' else 'A' end as type,
    case j % 4
        when 2 then '"token=' || md5((n + if(n % 100 = 0, {day}, 0))::varchar) || '"'
        when 3 then 'mx-' || (i % 100 + if(n % 100 = 0, {day}, 0)) || '.' || zone
        else '198.51.' || ((i + if(n % 100 = 0, {day}, 0)) % 250) || '.' || (j % 250)
    end as content,
    3600::integer as ttl, case j % 4 when 3 then 10 end::integer as priority,
    null::boolean as proxied, false as managed, '' as record_id, '' as comment,
    []::varchar[] as tags
from places order by i // 16, hash(i), j
