-- Warnings of domains that no account holds.
--
-- reads decided   the rows of the file
--       unheld    names that no account holds
-- gives the columns of migration_errors

select
    min(item) as item, arg_min(line, item) as line, '' as field, zone as value, 'not_held' as code,
    'No account holds this domain.' as reason,
    true as is_warning
from decided
where zone in (select name from unheld)
group by zone
