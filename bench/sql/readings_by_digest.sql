-- What is read anew where zones that had not changed were told by their digest.
--
-- in    {readings}        the day's readings
--       {outcomes}        how they went
-- gives one row per record

from {readings}
semi join (from {outcomes} where state = 'complete') using (zone_id)
