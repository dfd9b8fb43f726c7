-- When each account was last seen to hold a domain for the first time.
--
-- reads domain_history   periods of every name in every account
-- gives account (as provider/account), reached_at

select provider || '/' || account as account, max(first_seen_at) as reached_at
from domain_history
group by all
order by all
