-- DNS records with their owners: their own, else those of their domain.
--
-- reads dns_records                         the columns of dns_records
--       people.owned_domains, people.owned_records, people.users, people.groups
-- gives the columns of dns_records, owners, groups; in the order of dns_records

select
    r.*,
    case when own.name is null then coalesce(o.owners, []) else coalesce(own.owners, []) end as owners,
    case when own.name is null then coalesce(o.groups, []) else coalesce(own.groups, []) end as groups
from dns_records r
left join (
    select
        o.name, o.type, o.content,
        list(distinct u.name order by u.name) filter (u.name is not null) as owners,
        list(distinct g.name order by g.name) filter (g.name is not null) as groups
    from people.owned_records o
    left join people.users u on u.id = o.user_id
    left join people.groups g on g.id = o.group_id
    group by o.name, o.type, o.content
) own on own.name = r.name and own.type = r.type and own.content = r.content
left join (
    select
        domain,
        list(distinct u.name order by u.name) filter (u.name is not null) as owners,
        list(distinct g.name order by g.name) filter (g.name is not null) as groups
    from people.owned_domains o
    left join people.users u on u.id = o.user_id
    left join people.groups g on g.id = o.group_id
    group by domain
) o on o.domain = r.domain
