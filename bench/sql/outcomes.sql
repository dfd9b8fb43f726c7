-- How the readings went: every zone was read whole.
--
-- in    {readings}        the day's readings
--       {at}              when they were made
-- gives one row per zone

select zone as zone_id, zone as name, 'complete' as state, timestamptz '{at}' as attempted_at,
    null::bigint as serial, count(*)::integer as record_count,
    md5(string_agg(content, ',' order by name)) as digest, '' as held_digest, '' as error
from {readings} group by zone
