-- What was in the inventory when a migration began, and where it was.
--
-- reads domains, dns_records, zones
-- gives kind (0 domain, 1 record), zone, name, type, content, priority, existed (a provider, manual or import)
--
-- A zone that a provider serves is known to the last record, so that whatever a file says of it is there already; such zones
-- are given once, without a name.

select
    0 as kind, name as zone, '' as name, '' as type, '' as content, null::integer as priority,
    coalesce(
        split_part(list_filter(sources, lambda source: not starts_with(source, 'import/') and source <> 'manual')[1], '/', 1),
        if(list_contains(sources, 'manual'), 'manual', 'import')
    ) as existed
from domains
where not contains(name, '~')
union all
select distinct 1, zone, name, type, content, priority, 'import'
from dns_records
where provider = 'import'
    and entry = 1
union all
select 1, name, '', '', '', null, min(provider)
from zones
where read_at is not null
group by name
