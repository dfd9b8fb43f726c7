-- Every period in which a record had a value: the closed ones from the log, the open ones from the last snapshots.
--
-- reads record_log        what ended when, with the values before
--       latest_records    the last snapshot of every account
--       retired           accounts that were retired, and when
-- gives the columns of record_history
--
-- The retired accounts are looked up in a map: the planner may build a join's hash table from the large side.

select
    provider, account, zone_id, zone, name, type,
    before.content, before.ttl, before.priority, before.proxied, before.managed, before.record_id,
    before.comment, before.tags,
    before.first_seen_at, before.valid_from,
    observed_at as valid_to,
    before.observed_at as observed_at
from record_log
where before is not null
union all
select
    provider, account, zone_id, zone, name, type,
    content, ttl, priority, proxied, managed, record_id, comment, tags,
    first_seen_at, valid_from,
    retirements[account] as valid_to,
    observed_at
from latest_records, (select map(list(account), list(retired_at)) as retirements from retired)
