-- Domains that no account held up to what was reached.
--
-- reads domain_history   periods of every name in every account
--       domains          what is a domain, current or removed
--       given            account (as provider/account), reached_at; an account that is not in it is wholly new
-- gives name
--
-- A domain that comes to a second account, or from one to another, is not new.

with
    seen as (
        select h.name, bool_and(g.reached_at is null or h.first_seen_at > g.reached_at) as is_new
        from domain_history h
        left join given g on g.account = h.provider || '/' || h.account
        group by h.name
    )
select name
from seen
semi join (select name from domains where removed_on is null) using (name)
where is_new
order by name
