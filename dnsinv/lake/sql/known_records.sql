-- Those of some records that are there now, with the domain that each belongs to.
--
-- reads dns_records   current records
--       given         domain (or zone), name, type, content
-- gives the columns of given, and the record's domain

select distinct g.domain, g.name, g.type, g.content, r.domain as of_domain
from given g
join dns_records r
    on r.name = g.name and r.type = g.type and r.content = g.content and g.domain in (r.domain, r.zone)
order by all
