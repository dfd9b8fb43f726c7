-- Domains with what people say of them.
--
-- reads domains                             the columns of domains
--       people.owned_domains, people.users, people.groups, people.annotations
-- gives the columns of domains, owners, groups, tags, note, entry, base_name; in the order of domains

select
    d.*,
    coalesce(o.owners, []) as owners,
    coalesce(o.groups, []) as groups,
    coalesce(a.tags, []) as tags,
    coalesce(a.note, '') as note,
    coalesce(try_cast(split_part(d.name, '~', 2) as integer), 1) as entry,
    split_part(d.name, '~', 1) as base_name
from domains d
left join (
    select
        domain,
        list(distinct u.name order by u.name) filter (u.name is not null) as owners,
        list(distinct g.name order by g.name) filter (g.name is not null) as groups
    from people.owned_domains o
    left join people.users u on u.id = o.user_id
    left join people.groups g on g.id = o.group_id
    group by domain
) o on o.domain = d.name
left join people.annotations a on a.domain = d.name
