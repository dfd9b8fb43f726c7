-- The rows of a file in the order of their keys, each with where its key was already.
--
-- reads raw_domains, raw_records                       the rows that the template made, each with its place in the file
--       known_domains, known_records, served_zones     as the files of these names give them
-- gives kind (0 domain, 1 record), zone, name, type, content, priority, the values, place, existed

select 0 as kind, d.name as zone, '' as name, '' as type, '' as content, null::integer as priority, d.* exclude (name), k.existed
from raw_domains d
left join known_domains k on k.name = d.name
union all by name
select
    1 as kind, r.domain as zone, r.* exclude (domain),
    coalesce(s.provider, if(k.zone is not null, 'import', null)) as existed
from raw_records r
left join served_zones s on s.name = r.domain
left join known_records k
    on k.zone = r.domain and k.name = r.name and k.type = r.type and k.content = r.content and k.priority is not distinct from r.priority
order by zone, kind, name, type, content, priority, place
