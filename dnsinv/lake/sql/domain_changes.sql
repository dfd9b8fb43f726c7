-- What changed in the accounts' listings; a move between accounts is one row.
--
-- reads domain_log        differences per account
--       moves             names that went from one account to another
-- gives observed_at, provider, account, moved_from, zone, name, type, change, before, after, collection_id, day

select
    l.observed_at,
    l.provider,
    coalesce(m.to_account, l.account) as account,
    m.from_account as moved_from,
    l.name as zone,
    l.name,
    null::varchar as type,
    case when m.name is not null then 'moved' else l.change end as change,
    l.before,
    l.after,
    l.collection_id,
    l.day
from domain_log l
left join moves m
    on l.change = 'removed'
    and m.provider = l.provider
    and m.name = l.name
    and m.from_account = l.account
    and m.removed_at = l.observed_at
    and m.provider_id = l.before.provider_id
where not (
    l.change = 'added'
    and exists (
        from moves a
        where a.provider = l.provider and a.name = l.name and a.to_account = l.account and a.appeared_at = l.observed_at
    )
)
