-- What is said of each domain and record in one row: lists of names, [] where there are none.
--
-- reads people.owned_domains, people.owned_records, people.users, people.groups, people.annotations
-- gives rows of people.of_domains and people.of_records

insert into people.of_domains by name
select
    coalesce(o.domain, a.domain) as domain,
    coalesce(owners, []) as owners,
    coalesce(groups, []) as groups,
    coalesce(tags, []) as tags,
    coalesce(note, '') as note
from (
    select
        o.domain,
        list(distinct u.name order by u.name) filter (u.name is not null) as owners,
        list(distinct g.name order by g.name) filter (g.name is not null) as groups
    from people.owned_domains o
    left join people.users u on u.id = o.user_id
    left join people.groups g on g.id = o.group_id
    group by o.domain
) o
full join people.annotations a on a.domain = o.domain;

insert into people.of_records by name
select
    o.name,
    o.type,
    o.content,
    coalesce(list(distinct u.name order by u.name) filter (u.name is not null), []) as owners,
    coalesce(list(distinct g.name order by g.name) filter (g.name is not null), []) as groups
from people.owned_records o
left join people.users u on u.id = o.user_id
left join people.groups g on g.id = o.group_id
group by o.name, o.type, o.content;
