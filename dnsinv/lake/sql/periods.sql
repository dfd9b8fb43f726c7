-- The periods of a domain and of records, the latest first.
--
-- in    $name            the domain, or the name of records
--       $zones           zones whose records all belong to it
--       $near            zones in which records of that name may be
--       $first, $rows    which of them
-- reads domain_history, record_history
-- gives kind (domain or record), provider, account, zone, name, type (null for a domain), valid_from, valid_to (null = still),
--       values (JSON), total (of all there are)

with
    found as (
        select
            'domain' as kind, provider, account, name as zone, name, null::varchar as type, valid_from, valid_to,
            {domain_values} as "values"
        from domain_history
        where name = $name
        union all
        select
            'record', provider, account, zone, name, type, valid_from, valid_to,
            {record_values}
        from record_history
        where list_contains($near, zone) and (name = $name or list_contains($zones, zone))
    )
select
    kind, provider, account, zone, name, type,
    replace(strftime(valid_from, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z') as valid_from,
    replace(strftime(valid_to, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z') as valid_to,
    "values",
    count(*) over () as total
from found
order by found.valid_from desc, kind, zone, name, type, "values"::varchar
limit $rows offset $first
