-- Records that got another content since what was reached, and what is reached now.
--
-- reads record_log    differences per account
--       zones         the domain that each zone belongs to
--       given         account (as provider/account), reached_at; an account that is not in it is wholly new
-- gives account, observed_at, domain, name, type, before, after; and one row per account without the last five, of its last
--       difference of any kind

with
    news as (
        select l.provider || '/' || l.account as account, l.* exclude (account)
        from record_log l
        left join given g on g.account = l.provider || '/' || l.account
        where g.reached_at is null or l.observed_at > g.reached_at
    ),
    domain_of as (
        select name as zone, min(domain) as domain from zones group by name
    )
select
    account, max(observed_at) as observed_at,
    null::varchar as domain, null::varchar as name, null::varchar as type, null::varchar as before, null::varchar as after
from news
group by account
union all
select
    account, observed_at, coalesce(d.domain, news.zone), name, type, news.before.content, news.after.content
from news
left join domain_of d on d.zone = news.zone
where change = 'modified' and news.before.content <> news.after.content
order by observed_at, account, domain nulls first, name, type, before
