-- Every period in which a domain was in an account with the same values.
--
-- reads domain_log        what ended when, with the values before
--       latest_domains    the last snapshot of every account
--       retired           accounts that were retired, and when
-- gives the columns of domain_history
--
-- The retired accounts are looked up in a map: the planner may build a join's hash table from the large side.

select
    provider, account, name,
    before.unicode_name, before.provider_id, before.status, before.raw_status, before.expires_on, before.registered_on,
    before.auto_renew, before.locked, before.privacy, before.nameservers,
    before.first_seen_at, before.valid_from,
    observed_at as valid_to,
    before.observed_at as observed_at
from domain_log
where before is not null
union all
select
    provider, account, name,
    unicode_name, provider_id, status, raw_status, expires_on, registered_on, auto_renew, locked, privacy, nameservers,
    first_seen_at, valid_from,
    retirements[account] as valid_to,
    observed_at
from latest_domains, (select map(list(account), list(retired_at)) as retirements from retired)
