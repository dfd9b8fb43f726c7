-- The zones of each account by the state of their last reading.
--
-- reads zones                       table of the read model
-- gives provider, account, state, zones, oldest_read_at (the last complete reading longest ago; null where one of them
--       was never read), held (zones whose reading the guard holds back), held_names (the first three of them)

select
    provider,
    account,
    state,
    count(*) as zones,
    case when count(read_at) = count(*) then min(read_at) end as oldest_read_at,
    count(*) filter (held_digest <> '') as held,
    coalesce((list(name order by name) filter (held_digest <> ''))[1:3], []) as held_names
from zones
group by all
order by provider, account, state;
