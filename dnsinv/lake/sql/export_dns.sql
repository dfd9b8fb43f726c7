-- Current DNS records for export.
--
-- in    $search           part of a name or of the content; '' = all
--       $domain           domain; '' = all
--       $record_type      record type; '' = all
--       $provider         served there; '' = all
-- reads dns_records
-- gives the columns of dns_records, in its own order

select *
from dns_records
where ($search = '' or contains(name, lower($search)) or contains(lower(content), lower($search)))
    and ($domain = '' or domain = lower($domain) or zone = lower($domain))
    and ($record_type = '' or type = upper($record_type))
    and ($provider = '' or provider = $provider)
order by zone, name, type, content, priority, provider, account, zone_id, record_id
