-- Warnings of owners that a file names and nobody knows.
--
-- reads owned   assets with the owners that the file names, and whom that means (null = nobody)
-- gives the columns of migration_errors

select distinct
    item, line, '' as field, left(said, 200) as value, 'unknown_owner' as code,
    'There is no user or group of this name or e-mail address; the row is taken without this owner.' as reason,
    true as is_warning
from owned
where owner is null
