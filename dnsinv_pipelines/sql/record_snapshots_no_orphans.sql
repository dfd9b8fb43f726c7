-- Records in a snapshot whose zone is not in it, and zones that are not in the account's listing of that day.
--
-- in    $provider, $account, $day   the snapshot
-- reads record_snapshots, zone_snapshots, domain_snapshots
-- gives problems, examples, records_without_zone, zones_without_domain
--
-- On a day without a listing (single zones were read) only records are looked at.

with
    records as (
        select zone_id, name, type from record_snapshots
        where provider = $provider and account = $account and day = $day
    ),
    zones as (
        select zone_id, name from zone_snapshots
        where provider = $provider and account = $account and day = $day
    ),
    listing as (
        select name from domain_snapshots
        where provider = $provider and account = $account and day = $day
    ),
    records_without_zone as (
        select name || ' ' || type as text from records anti join zones using (zone_id)
    ),
    zones_without_domain as (
        select name as text from zones anti join listing using (name)
        where exists (from listing)
    ),
    every_problem as (
        from records_without_zone union all from zones_without_domain
    )
select
    (select count(*) from every_problem) as problems,
    coalesce((select list(text order by text) from every_problem)[:5], []) as examples,
    (select count(*) from records_without_zone) as records_without_zone,
    (select count(*) from zones_without_domain) as zones_without_domain
