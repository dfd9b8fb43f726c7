-- The domains that an account holds, as last observed.
--
-- reads domains
-- gives name

select name
from domains
where removed_on is null
    and len(list_filter(sources, lambda source: not starts_with(source, 'import/') and source <> 'manual')) > 0
