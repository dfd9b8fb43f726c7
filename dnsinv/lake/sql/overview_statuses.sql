-- How many current domains have each pair of states.
--
-- reads domains                     table of the read model
-- gives godaddy_status, cloudflare_status, domains; the largest first

select godaddy_status, cloudflare_status, count(*) as domains
from domains
where removed_on is null
group by all
order by domains desc, godaddy_status, cloudflare_status;
