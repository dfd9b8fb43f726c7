-- Every record value that an account in use serves now, and those that imports know of zones that none serves.
--
-- reads latest_records    the last snapshot of every account
--       settled_records   what imports say
--       zone_domains      the domain of each name
--       retired           accounts that were retired
-- gives the columns of dns_records

select
    r.zone, r.name, r.type, r.content, r.ttl, r.priority, r.proxied, r.managed, r.provider, r.account, r.zone_id, r.record_id, r.comment,
    r.tags, r.first_seen_at,
    coalesce(d.domain, r.zone) as domain,
    r.observed_at as last_seen_at,
    1 as entry,
    null as attributes
from latest_records r
left join zone_domains d on d.name = r.zone
where r.account not in (select account from retired)
union all by name
select
    s.zone, s.name, s.type, s.content, s.ttl, s.priority, false as managed, 'import' as provider, s.account, s.zone as zone_id,
    '' as record_id, '' as comment, []::varchar[] as tags,
    s.first_imported_at as first_seen_at,
    coalesce(d.domain, s.zone) as domain,
    s.imported_at as last_seen_at,
    s.entry,
    s.attributes
from settled_records s
left join zone_domains d on d.name = s.zone
