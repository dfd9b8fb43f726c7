-- The domains that were in the inventory when a migration began, and where they were.
--
-- reads domains
-- gives name, existed (a provider, manual or import)

select
    name,
    coalesce(
        split_part(list_filter(sources, lambda source: not starts_with(source, 'import/') and source <> 'manual')[1], '/', 1),
        if(list_contains(sources, 'manual'), 'manual', 'import')
    ) as existed
from domains
where not contains(name, '~')
