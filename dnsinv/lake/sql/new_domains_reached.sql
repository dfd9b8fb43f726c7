-- When each account was last seen to hold a domain for the first time.
--
-- reads domain_history   periods of every name in every account
--       domains          what is a domain, current or removed
-- gives account (as provider/account), reached_at
--
-- Of what is in both: history is published before the domains are made of it, and what they lack is still to come.

select provider || '/' || account as account, max(first_seen_at) as reached_at
from domain_history
semi join domains using (name)
group by all
order by all
