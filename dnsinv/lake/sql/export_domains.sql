-- Current domains for export.
--
-- in    $search           part of a name, in either form; '' = all
--       $provider         held there; '' = all
--       $status           lifecycle at either provider; '' = all
--       $expiring         days until expiry at most; null = all
-- reads domains
-- gives the columns of domains, in order of name

select *
from domains
where removed_on is null
    and ($search = '' or contains(name, lower($search)) or contains(lower(unicode_name), lower($search)))
    and ($provider = '' or len(list_filter(sources, lambda s: starts_with(s, $provider || '/'))) > 0)
    and ($status = '' or godaddy_status = $status or cloudflare_status = $status)
    and ($expiring::integer is null or expires_on <= current_date + $expiring::integer)
order by name
