-- What imports and people say of domains, settled: one row per name, and one per appended copy.
--
-- reads imported_domains   what the items of imported files say
--       manual_domains     names that a person entered
--       domain_history     every name that an account holds or held
-- gives name, entry (1; 2 and more for copies), the values, imported_at, sources, is_manual
--
-- What people entered comes first, then the migrations in order of their ids, each in order of batches and rows, so that
-- the result does not depend on which of them was faster. Of a name: what comes after the last replace counts, in that
-- order; the first value that is not null wins; lists are united; a skip counts only where nothing came before it; an
-- append is a copy where something came before it, or a provider had it when it began. A copy of what is gone takes its
-- place. What else was there when it began does not count: it may have been a later migration's.

with
    said as (
        select *, coalesce(existed not in ('import', 'manual', 'file'), false) as is_beside -- what a provider had already
        from imported_domains
        where strategy <> 'skip' or existed is null or existed in ('import', 'file')
        union all by name
        select
            name, registered_on, expires_on, since as imported_at, '' as migration, 0 as batch, 0 as place, 'merge' as strategy, false as is_beside
        from manual_domains
    ),
    several as (
        select name from said group by name having count(*) > 1
    ),
    ordered as (
        select
            *,
            row_number() over (partition by name order by migration, batch, place) as nth,
            strategy = 'append' and (nth > 1 or is_beside) as is_copy,
            name in (select name from domain_history) as is_known
        from said
        where name in (select name from several)
    ),
    numbered as (
        select
            *,
            is_known or bool_or(not is_copy) over (partition by name) as has_first,
            case
                when is_copy then sum(is_copy::integer) over (partition by name order by nth) + has_first::integer
                else 1
            end as entry
        from ordered
    ),
    lasting as (
        select *, coalesce(max(nth) filter (strategy = 'replace') over (partition by name, entry), 0) as replaced_at
        from numbered
    ),
    settled as (
        select
            name, entry,
            arg_min(godaddy_status, nth) as godaddy_status,
            arg_min(cloudflare_status, nth) as cloudflare_status,
            min(discovered_on) as discovered_on,
            arg_min(registered_on, nth) as registered_on,
            arg_min(expires_on, nth) as expires_on,
            arg_min(auto_renew, nth) as auto_renew,
            arg_min(locked, nth) as locked,
            arg_min(privacy, nth) as privacy,
            list_sort(list_distinct(flatten(list(nameservers) filter (nameservers is not null)))) as nameservers,
            list_reduce(list(attributes order by nth desc) filter (attributes is not null), lambda a, b: json_merge_patch(a, b)) as attributes,
            min(imported_at) as first_imported_at,
            max(imported_at) as imported_at,
            list_sort(list_distinct(list(if(migration = '', 'manual', 'import/' || migration)))) as sources,
            bool_or(migration = '') as is_manual
        from lasting
        where nth >= replaced_at
            and (strategy <> 'skip' or nth = 1)
        group by name, entry
    ),
    forgotten as (
        -- the replace says nothing of the discovery: what was known of it stays
        select name, entry, min(discovered_on) as discovered_on from lasting group by name, entry
    )
select
    * replace (coalesce(discovered_on, (select f.discovered_on from forgotten f where f.name = s.name and f.entry = s.entry)) as discovered_on)
from settled s
union all by name
select
    name,
    if(strategy = 'append' and is_beside and name in (select name from domain_history), 2, 1) as entry,
    godaddy_status, cloudflare_status, discovered_on, registered_on, expires_on, auto_renew, locked, privacy, nameservers, attributes,
    imported_at as first_imported_at, imported_at,
    [if(migration = '', 'manual', 'import/' || migration)] as sources,
    migration = '' as is_manual
from said
where name not in (select name from several)
