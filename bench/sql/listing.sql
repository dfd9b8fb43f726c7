-- The listing of an account, as a collection's spool has it.
--
-- in    {zones}           how many domains
-- gives one row per domain

select 'zone-' || lpad(i::varchar, 6, '0') || '.example' as name, name as unicode_name, '' as provider_id,
    'active' as status, 'ACTIVE' as raw_status, date '2027-01-01' as expires_on,
    date '2020-01-01' as registered_on, true as auto_renew, true as locked, false as privacy,
    ['ns1.example', 'ns2.example'] as nameservers
from range({zones}) zones(i)
