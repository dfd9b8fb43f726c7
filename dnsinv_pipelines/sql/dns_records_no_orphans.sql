-- Current records whose zone is not among the current zones, and zones whose domain is not in the inventory.
--
-- reads dns_records, zones, domains
-- gives problems, examples, records_without_zone, zones_without_domain

with
    records_without_zone as (
        select r.name || ' ' || r.type as text
        from dns_records r anti join zones z using (provider, account, zone_id)
    ),
    zones_without_domain as (
        select z.name as text
        from zones z anti join domains d on d.name = z.domain
    ),
    every_problem as (
        from records_without_zone union all from zones_without_domain
    )
select
    (select count(*) from every_problem) as problems,
    coalesce((select list(text order by text) from every_problem)[:5], []) as examples,
    (select count(*) from records_without_zone) as records_without_zone,
    (select count(*) from zones_without_domain) as zones_without_domain
