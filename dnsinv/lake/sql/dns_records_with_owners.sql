-- DNS records with their owners: their own, else those of their domain.
--
-- reads dns_records                         the columns of dns_records
--       people.of_domains, people.of_records
-- gives the columns of dns_records, owners, groups; in the order of dns_records

select
    r.*,
    coalesce(own.owners, of.owners, []) as owners,
    coalesce(own.groups, of.groups, []) as groups
from dns_records r
left join people.of_records own on own.name = r.name and own.type = r.type and own.content = r.content
left join people.of_domains of on of.domain = r.domain
