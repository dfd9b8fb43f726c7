-- The new listing of one account, with what is known from the snapshot before it.
--
-- in    $listed_at        when the listing was made
-- reads listing           the domains as listed now
--       before_domains    the account's last snapshot
-- gives the columns of domain_snapshots
--
-- A field that this listing does not supply keeps its last known value: the APIs differ in what they tell.

with
    known as (
        select
            l.name, l.unicode_name, l.provider_id, l.status, l.raw_status,
            coalesce(l.expires_on, b.expires_on) as expires_on,
            coalesce(l.registered_on, b.registered_on) as registered_on,
            coalesce(l.auto_renew, b.auto_renew) as auto_renew,
            coalesce(l.locked, b.locked) as locked,
            coalesce(l.privacy, b.privacy) as privacy,
            case when len(l.nameservers) = 0 then coalesce(b.nameservers, []) else l.nameservers end as nameservers,
            b.first_seen_at as known_since,
            b.valid_from as same_since,
            b as b
        from listing l
        left join before_domains b on b.name = l.name and b.provider_id = l.provider_id
    )
select
    name, unicode_name, provider_id, status, raw_status,
    expires_on, registered_on, auto_renew, locked, privacy, nameservers,
    coalesce(known_since, $listed_at) as first_seen_at,
    case
        when known_since is not null
            and (status, expires_on, registered_on, auto_renew, locked, privacy, nameservers)
            is not distinct from
            (b.status, b.expires_on, b.registered_on, b.auto_renew, b.locked, b.privacy, b.nameservers)
        then same_since
        else $listed_at
    end as valid_from,
    $listed_at as observed_at
from known
