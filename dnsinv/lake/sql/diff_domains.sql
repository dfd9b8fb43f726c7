-- What changed between two complete listings of one account.
--
-- in    $listed_at        when the later listing was made
--       $collection_id    collection that found the changes
-- reads before_domains, after_domains   two snapshots of the account
-- gives the columns of domain_log
--
-- raw_status alone makes no change: the same state has other words in another API version.

with
    pairs as (
        select
            coalesce(a.name, b.name) as name,
            a.name is not null as is_there,
            b.name is not null as was_there,
            a as a,
            b as b
        from after_domains a
        full join before_domains b on b.name = a.name and b.provider_id = a.provider_id
    )
select
    $listed_at as observed_at,
    name,
    case when not was_there then 'added' when not is_there then 'removed' else 'modified' end as change,
    $collection_id as collection_id,
    case when was_there then b end as before,
    case when is_there then a end as after
from pairs
where not (is_there and was_there)
    or (a.status, a.expires_on, a.registered_on, a.auto_renew, a.locked, a.privacy, a.nameservers)
    is distinct from (b.status, b.expires_on, b.registered_on, b.auto_renew, b.locked, b.privacy, b.nameservers)
