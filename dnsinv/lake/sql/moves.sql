-- Domains that went from one account of a provider to another.
--
-- reads domain_log        differences per account
--       domain_history    where and when each name was
-- gives provider, name, provider_id, from_account, to_account, removed_at, removed_by, appeared_at
--
-- A move is a removal, and an appearance in another account that was seen after the name was last seen in the first one,
-- at most seven days after the removal, and that stood at the removal or came later. An appearance in an account's
-- first listing counts too: it makes no change row of its own. Of several zones of one name one stands for all.

with
    stays as (
        select provider, account, name, provider_id, first_seen_at, max(coalesce(valid_to, 'infinity')) as gone_at
        from domain_history
        where name in (select name from domain_log where change = 'removed')
        group by all
    ),
    gone as (
        select
            provider, account, name, observed_at,
            min(before.provider_id) as provider_id,
            min(collection_id) as collection_id,
            max(before.observed_at) as last_seen_at
        from domain_log l
        where change = 'removed'
            and not exists (
                from stays s
                where s.provider = l.provider and s.account = l.account and s.name = l.name
                    and s.first_seen_at < l.observed_at and s.gone_at > l.observed_at
            )
        group by provider, account, name, observed_at
    ),
    pairs as (
        select
            gone.provider,
            gone.name,
            gone.provider_id,
            gone.account as from_account,
            come.account as to_account,
            gone.observed_at as removed_at,
            gone.collection_id as removed_by,
            come.first_seen_at as appeared_at,
            abs(epoch(come.first_seen_at) - epoch(gone.observed_at)) as distance
        from gone
        join stays come
            on come.provider = gone.provider
            and come.name = gone.name
            and come.account <> gone.account
            and come.first_seen_at > gone.last_seen_at
            and come.first_seen_at <= gone.observed_at + interval 7 day
            and come.gone_at > gone.observed_at
        qualify row_number() over (
            partition by gone.provider, gone.name, gone.account, gone.observed_at
            order by distance, come.account
        ) = 1
    )
select provider, name, provider_id, from_account, to_account, removed_at, removed_by, appeared_at
from pairs
qualify row_number() over (partition by provider, name, to_account, appeared_at order by distance, from_account) = 1
