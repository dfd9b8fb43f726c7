-- Bare reference: the current records.
--
-- in    $now              when the zones were read
-- reads record_snapshots
-- gives the columns of dns_records

select *, zone as domain, 'godaddy' as provider, 'bench' as account, observed_at as last_seen_at, 1 as entry, null as attributes
from record_snapshots
where observed_at <= $now
