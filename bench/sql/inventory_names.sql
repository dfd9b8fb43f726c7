-- Names of an inventory, in no order.
--
-- in    {domains}         how many
-- gives i, name

select
    i,
    ['shop', 'mail', 'press', 'cloud', 'lab', 'news', 'media', 'trade'][1 + i % 8] || '-'
        || lpad(((i * 7919) % {domains})::varchar, 7, '0') || '.'
        || ['com', 'net', 'org', 'example', 'de', 'co.uk', 'io', 'dev'][1 + (i // 8) % 8] as name
from range({domains}) domains(i)
