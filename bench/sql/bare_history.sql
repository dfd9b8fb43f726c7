-- Bare reference: every period in which a record had a value.
--
-- in    $now              when the zones were read
-- reads record_snapshots, record_log
-- gives the columns of record_history

select
    'godaddy' as provider, 'bench' as account, zone_id, zone, name, type,
    before.content, before.ttl, before.priority, before.proxied, before.managed, before.record_id, before.comment,
    before.tags, before.first_seen_at, before.valid_from, observed_at as valid_to, before.observed_at as observed_at
from record_log
where before is not null and observed_at <= $now
union all by name
select 'godaddy' as provider, 'bench' as account, *, null as valid_to
from record_snapshots
