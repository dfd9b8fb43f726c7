-- The domains of imported records: they are domains, even if no file says more of them.
--
-- reads dns_records
-- gives name, first_imported_at, imported_at, sources

select
    domain as name,
    min(first_seen_at) as first_imported_at,
    max(last_seen_at) as imported_at,
    list_sort(list(distinct 'import/' || account)) as sources
from dns_records
where provider = 'import'
group by domain
