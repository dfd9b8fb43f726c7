-- The current domains that expire next.
--
-- in    $today, $rows
-- reads domains                     table of the read model
-- gives unicode_name, expires_on, auto_renew, status

select unicode_name, expires_on, auto_renew, status
from domains
where removed_on is null and expires_on >= $today::date
order by expires_on, name
limit $rows;
