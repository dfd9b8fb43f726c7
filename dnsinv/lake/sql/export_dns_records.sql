-- DNS records as exports have them.
--
-- reads exported          rows of dns_records in the order of the file, with their owners beside them; null where there are none
-- gives the columns of dns_records, owners, groups; in the same order

select
    * exclude (owners, groups),
    coalesce(owners, []) as owners,
    coalesce(groups, []) as groups
from exported
