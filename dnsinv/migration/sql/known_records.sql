-- The records that imports had brought when a migration began.
--
-- reads dns_records
-- gives zone, name, type, content, priority

select distinct zone, name, type, content, priority
from dns_records
where provider = 'import'
    and entry = 1
