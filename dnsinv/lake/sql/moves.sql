-- Domains that went from one account of a provider to another.
--
-- reads domain_log        differences per account
--       domain_history    where and when each name appeared
-- gives provider, name, from_account, to_account, removed_at, appeared_at
--
-- A move is a removal and an appearance of one name at one provider within seven days of each other, whichever was
-- seen first. An appearance in an account's first listing counts too: it makes no change row of its own.

with
    gone as (
        select provider, account, name, observed_at from domain_log where change = 'removed'
    ),
    come as (
        select provider, account, name, first_seen_at as appeared_at
        from domain_history
        group by all
    )
select
    gone.provider,
    gone.name,
    gone.account as from_account,
    come.account as to_account,
    gone.observed_at as removed_at,
    come.appeared_at
from gone
join come
    on come.provider = gone.provider
    and come.name = gone.name
    and come.account <> gone.account
    and abs(epoch(come.appeared_at) - epoch(gone.observed_at)) <= 7 * 86400
qualify row_number() over (
    partition by gone.provider, gone.name, gone.account, gone.observed_at
    order by abs(epoch(come.appeared_at) - epoch(gone.observed_at)), come.account
) = 1
