-- Domains with what people say of them.
--
-- reads domains                             the columns of domains
--       people.of_domains                   one row per domain of which anything is said
-- gives the columns of domains, owners, groups, tags, note, entry, base_name; in the order of domains
--
-- DuckDB sees that the join is with one row at most, and leaves it out where no column of it is wanted.

select
    d.*,
    coalesce(of.owners, []) as owners,
    coalesce(of.groups, []) as groups,
    coalesce(of.tags, []) as tags,
    coalesce(of.note, '') as note,
    coalesce(try_cast(split_part(d.name, '~', 2) as integer), 1) as entry,
    split_part(d.name, '~', 1) as base_name
from domains d
left join (
    select domain, any_value(owners) as owners, any_value(groups) as groups, any_value(tags) as tags, any_value(note) as note
    from people.of_domains
    group by domain
) of on of.domain = d.name
