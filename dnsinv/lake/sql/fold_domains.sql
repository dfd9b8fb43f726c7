-- One row per domain, current or removed, whoever holds it.
--
-- reads lifecycle         all lifecycle words and their badness, best first
--       domain_history    periods of every name in every account
--       zone_domains      the domain of each name
--       record_counts     how many current records each domain has
--       named_domains     domains of imported records, as named_domains.sql gives them
--       settled_domains   what imports and people say, as settle_domains.sql gives it
--       unicode_name()    the form for display of a name with xn-- labels
-- gives the columns of domains
--
-- Facts of the registrar (GoDaddy) win over those of a DNS host; a removed domain shows its last ones.
-- What a provider observes wins over what imports and people say, who fill in what no provider supplies; the earliest day
-- counts as the discovery.

with
    entries as (
        select
            h.*,
            valid_to is null as is_there,
            badness,
            bool_or(valid_to is null) over (partition by name) as is_anywhere
        from domain_history h
        join lifecycle on lifecycle.word = h.status
        where name in (select domain from zone_domains)
    ),
    relevant as (
        -- for a removed domain, what each account said last
        select * from entries
        where is_there
            or not is_anywhere
            qualify is_there or row_number() over (partition by name, provider, account order by valid_to desc) = 1
    ),
    ranked as (
        -- whose facts win: those of a registrar, what is there, the latest
        select *, row_number() over (partition by name order by provider = 'cloudflare', valid_to desc nulls first, account) as rank
        from relevant
    ),
    facts as (
        select
            name,
            any_value(unicode_name) as unicode_name,
            coalesce(arg_max(status, badness) filter (is_there and provider = 'godaddy'), '-') as godaddy_status,
            coalesce(arg_max(status, badness) filter (is_there and provider = 'cloudflare'), '-') as cloudflare_status,
            arg_min(expires_on, rank) as expires_on,
            arg_min(registered_on, rank) as registered_on,
            arg_min(auto_renew, rank) as auto_renew,
            arg_min(locked, rank) as locked,
            arg_min(privacy, rank) as privacy,
            arg_min(nameservers, rank) filter (len(nameservers) > 0) as nameservers,
            max(observed_at) as last_seen_at,
            case when not bool_or(is_there) then max(valid_to)::date end as removed_on,
            list_sort(list(distinct provider || '/' || account)) as sources
        from ranked
        group by name
    ),
    settled as (
        select *, if(contains(name, 'xn--'), unicode_name(name), name) as unicode_name from settled_domains
    ),
    revived as (
        -- gone from every account, and entered by a person: there again
        select name from facts semi join settled using (name)
        where removed_on is not null
            and name in (select name from settled where is_manual)
    ),
    observed as (
        select
            f.name, f.unicode_name, f.godaddy_status, f.cloudflare_status,
            coalesce(f.expires_on, s.expires_on) as expires_on,
            coalesce(f.registered_on, s.registered_on) as registered_on,
            coalesce(f.auto_renew, s.auto_renew) as auto_renew,
            coalesce(f.locked, s.locked) as locked,
            coalesce(f.privacy, s.privacy) as privacy,
            coalesce(f.nameservers, s.nameservers) as nameservers,
            f.last_seen_at, f.removed_on,
            f.sources || coalesce(list_filter(s.sources, lambda source: source <> 'manual'), []) as sources,
            s.attributes
        from facts f
        left join settled s on s.name = f.name and s.entry = 1
        where f.name not in (select name from revived)
    ),
    named as (
        select * from named_domains
        where name not in (select name from facts)
            and name not in (select name from settled where entry = 1)
    ),
    said as (
        select
            name || if(entry > 1, '~' || entry, '') as name,
            unicode_name || if(entry > 1, '~' || entry, '') as unicode_name,
            coalesce(godaddy_status, '-') as godaddy_status,
            coalesce(cloudflare_status, '-') as cloudflare_status,
            expires_on, registered_on, auto_renew, locked, privacy, nameservers,
            imported_at as last_seen_at, sources, attributes, first_imported_at as first_seen_at, discovered_on
        from settled
        where entry > 1
            or name not in (select name from observed)
        union all by name
        select
            name,
            if(contains(name, 'xn--'), unicode_name(name), name) as unicode_name,
            '-' as godaddy_status, '-' as cloudflare_status,
            imported_at as last_seen_at, sources, first_imported_at as first_seen_at
        from named
    ),
    first_seen as (
        select name, min(first_seen_at) as first_seen_at from entries group by name
    ),
    listed as (
        select
            o.*,
            least(e.first_seen_at, s.first_imported_at) as first_seen_at,
            s.discovered_on
        from observed o
        join first_seen e using (name)
        left join settled s on s.name = o.name and s.entry = 1
        union all by name
        select * replace (least(said.first_seen_at, e.first_seen_at) as first_seen_at)
        from said
        left join first_seen e using (name)
    )
select
    l.* replace (least(l.first_seen_at::date, l.discovered_on) as discovered_on),
    '(' || l.godaddy_status || ', ' || l.cloudflare_status || ')' as status,
    coalesce(c.record_count, 0) as record_count
from listed l
left join record_counts c on c.domain = l.name
