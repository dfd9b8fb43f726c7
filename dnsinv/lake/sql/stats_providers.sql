-- Current domains and records by provider; a domain at two providers counts at both.
--
-- reads domains, dns_records                tables of the read model
-- gives provider, domains, records; in order of provider

with
    held as (
        select unnest(string_split(trim(providers), ' ')) as provider
        from domains
        where removed_on is null
    ),
    domains_held as (select provider, count(*) as domains from held where provider <> '' group by provider),
    records_held as (select provider, count(*) as records from dns_records group by provider)
select provider, coalesce(domains, 0) as domains, coalesce(records, 0) as records
from domains_held
full join records_held using (provider)
order by provider
