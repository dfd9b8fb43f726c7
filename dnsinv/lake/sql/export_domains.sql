-- Domains as exports have them.
--
-- reads exported          rows of domains in the order of the file, with what people say beside them; null where nothing
-- gives the columns of domains, owners, groups, tags, note, entry, base_name; in the same order

select
    * exclude (owners, groups, tags, note),
    coalesce(owners, []) as owners,
    coalesce(groups, []) as groups,
    coalesce(tags, []) as tags,
    coalesce(note, '') as note,
    coalesce(try_cast(split_part(name, '~', 2) as integer), 1) as entry,
    split_part(name, '~', 1) as base_name
from exported
