-- The zones that a provider served when a migration began. They are known to the last record.
--
-- reads zones
-- gives name, provider

select name, min(provider) as provider
from zones
where read_at is not null
group by name
