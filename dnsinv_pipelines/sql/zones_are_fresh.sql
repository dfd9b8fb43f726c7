-- Zones whose last good reading is older than it should be.
--
-- in    $accounts   names of the accounts in use
--       $before     the instant before which a reading is too old
-- reads zones
-- gives problems, examples, zones, oldest_at
--
-- Where reading every zone takes longer than two intervals this is the normal state, and says so.

with
    aged as (
        select provider || '/' || account || ' ' || name as text, coalesce(read_at, first_seen_at) as known_at
        from zones
        where list_contains($accounts::varchar[], account)
    )
select
    count(*) filter (known_at < $before) as problems,
    coalesce((list(text order by known_at, text) filter (known_at < $before))[:5], []) as examples,
    count(*) as zones,
    strftime(min(known_at), '%Y-%m-%d %H:%M UTC') as oldest_at
from aged
