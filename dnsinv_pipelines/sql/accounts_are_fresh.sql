-- Accounts in use without a good listing for too long.
--
-- in    $accounts   names of the accounts in use
--       $before     the instant before which a collection is too old
-- reads collections
-- gives problems, examples, accounts
--
-- A held or failed collection shows nothing, and reading a single zone says little of its account.

with
    good as (
        select account, max(started_at) as known_at
        from collections
        where state in ('completed', 'partial') and scope in ('full', 'domains')
        group by account
    ),
    late as (
        select a.name || ': ' || coalesce('last collected ' || strftime(good.known_at, '%Y-%m-%d %H:%M UTC'), 'never collected')
            as text
        from (select unnest($accounts::varchar[]) as name) a
        left join good on good.account = a.name
        where good.known_at is null or good.known_at < $before
    )
select
    (select count(*) from late) as problems,
    coalesce((select list(text order by text) from late)[:5], []) as examples,
    len($accounts::varchar[]) as accounts
