-- The tables of the read model, written into the attached database `made`.
--
-- reads listed_domains, dns_records, zones, collections, domain_changes, record_changes, told_changes
-- gives made.* : the same datasets in the default order and, to search in, with lower-cased text; in made.domains the kinds of
--       providers that hold them stand between spaces; made.changes are those of domains and records together, the latest first
--
-- The first three stand in the default order already; it is kept (preserve_insertion_order), so that DuckDB's rowid is a row's
-- number in it, from 0. A column of numbers would need row_number(), which uses one processor and half of the time.

create table made.domains as
select
    *,
    if(name = unicode_name, name, name || ' ' || lower(unicode_name)) as search,
    ' ' || case len(sources)
        when 1 then split_part(sources[1], '/', 1) -- nearly always, and three times as fast
        else array_to_string(list_sort(list_distinct(list_transform(sources, lambda s: split_part(s, '/', 1)))), ' ')
    end || ' ' as providers
from listed_domains;

create table made.dns_records as
select
    *,
    lower(name || ' ' || content) as search
from dns_records;

create table made.zones as
from zones;

create table made.collections as
from collections
order by started_at desc, id;

create table made.domain_changes as
from domain_changes
order by observed_at desc, name, provider, account;

create table made.record_changes as
from record_changes
order by observed_at desc, zone, name, type;

create table made.changes as
from told_changes
order by observed_at desc, zone, name, type, kind, change, account;
