-- The tables of the read model, written into the attached database `made`.
--
-- reads domains, dns_records, zones, collections, domain_changes, record_changes, told_changes
-- gives made.* : the same datasets with pos (row number in the default order, from 0) and, to search in, lower-cased text;
--       in made.domains the current ones come first, and the kinds of providers that hold them stand between spaces;
--       made.changes are those of domains and records together, the latest first
--
-- The files of the first three stand in the default order already; it is kept (preserve_insertion_order).

create table made.domains as
select
    row_number() over () - 1 as pos,
    *,
    lower(name || ' ' || unicode_name) as search,
    ' ' || array_to_string(list_sort(list_distinct(list_transform(sources, lambda s: split_part(s, '/', 1)))), ' ') || ' ' as providers
from (
    from domains where removed_on is null
    union all
    from domains where removed_on is not null
);

create table made.dns_records as
select
    row_number() over () - 1 as pos,
    *,
    lower(name || ' ' || content) as search
from dns_records;

create table made.zones as
select row_number() over () - 1 as pos, *
from zones;

create table made.collections as
select row_number() over (order by started_at desc, id) - 1 as pos, *
from collections
order by started_at desc, id;

create table made.domain_changes as
select row_number() over (order by observed_at desc, name, provider, account) - 1 as pos, *
from domain_changes
order by observed_at desc, name, provider, account;

create table made.record_changes as
select row_number() over (order by observed_at desc, zone, name, type) - 1 as pos, *
from record_changes
order by observed_at desc, zone, name, type;

create table made.changes as
select row_number() over (order by observed_at desc, zone, name, type, kind, change, account) - 1 as pos, *
from told_changes
order by observed_at desc, zone, name, type, kind, change, account;
