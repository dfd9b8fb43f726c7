-- One row per domain, current or removed, whoever holds it.
--
-- reads lifecycle         all lifecycle words and their badness, best first
--       domain_history    periods of every name in every account
--       zone_domains      the domain of each name
--       dns_records       current records
--       manual_domains    names that a person entered
-- gives the columns of domains
--
-- Facts of the registrar (GoDaddy) win over those of a DNS host; a removed domain shows its last ones.
-- A provider that holds a name wins over the person who entered it; of the two the earlier day counts as its discovery.

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
    facts as (
        select
            name,
            any_value(unicode_name) as unicode_name,
            coalesce(arg_max(status, badness) filter (is_there and provider = 'godaddy'), '-') as godaddy_status,
            coalesce(arg_max(status, badness) filter (is_there and provider = 'cloudflare'), '-') as cloudflare_status,
            first(expires_on order by provider = 'cloudflare', valid_to desc nulls first, account) filter (expires_on is not null) as expires_on,
            first(registered_on order by provider = 'cloudflare', valid_to desc nulls first, account) filter (registered_on is not null)
                as registered_on,
            first(auto_renew order by provider = 'cloudflare', valid_to desc nulls first, account) filter (auto_renew is not null) as auto_renew,
            first(locked order by provider = 'cloudflare', valid_to desc nulls first, account) filter (locked is not null) as locked,
            first(privacy order by provider = 'cloudflare', valid_to desc nulls first, account) filter (privacy is not null) as privacy,
            first(nameservers order by provider = 'cloudflare', valid_to desc nulls first, account) filter (len(nameservers) > 0) as nameservers,
            max(observed_at) as last_seen_at,
            case when not bool_or(is_there) then max(valid_to)::date end as removed_on,
            list_sort(list(distinct provider || '/' || account)) as sources
        from relevant
        group by name
    ),
    held as (
        select * from facts where removed_on is null or name not in (select name from manual_domains)
        union all by name
        select
            name, unicode_name, '-' as godaddy_status, '-' as cloudflare_status, expires_on, registered_on, since as last_seen_at,
            ['manual'] as sources
        from manual_domains
        where name not in (select name from facts where removed_on is null)
    ),
    discovered as (
        select name, min(first_seen_at) as first_seen_at from (
            select name, first_seen_at from entries
            union all
            select name, since from manual_domains
        )
        group by name
    ),
    counts as (
        select domain, count(*) as record_count from dns_records group by domain
    )
select
    f.*,
    d.first_seen_at,
    d.first_seen_at::date as discovered_on,
    '(' || f.godaddy_status || ', ' || f.cloudflare_status || ')' as status,
    coalesce(c.record_count, 0) as record_count
from held f
join discovered d using (name)
left join counts c on c.domain = f.name
