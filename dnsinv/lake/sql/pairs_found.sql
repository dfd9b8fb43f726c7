-- The values that assemble_records.sql found to be other than before.
--
-- reads changed           its rows with a change
--       before_records    the account's last snapshot
-- gives zone_id, zone, name, type, before, after; null where absent

select
    c.zone_id, c.zone, c.name, c.type,
    case when c.change <> 'added' then b end as before,
    case when c.change <> 'removed' then c end as after
from changed c
left join before_records b
    on c.change <> 'added'
    and b.zone_id = c.zone_id
    and b.name = c.name
    and b.type = c.type
    and b.record_id = c.record_id
    and (c.record_id <> '' or (b.content = c.content and b.priority is not distinct from c.priority))
