-- The domain that each name belongs to: itself, or the nearest name above it that is a domain.
--
-- reads domain_history    every name that an account holds or held
-- gives name, domain
--
-- What GoDaddy lists is registered, so it is a domain. A Cloudflare zone is a domain unless a name above it is in the
-- inventory: a hosted subdomain zone is a zone, not a domain. A name that is there is judged by the names that are
-- there; one that is gone by all that ever were.

with
    held as (
        select name, bool_or(provider = 'godaddy') as is_registered, bool_or(valid_to is null) as is_there
        from domain_history
        group by name
    ),
    parts as (
        select name, is_there, labels, unnest(range(2, len(labels) + 1)) as depth
        from (select name, is_there, string_split(name, '.') as labels from held)
    ),
    parents as (
        select name, is_there, depth, array_to_string(labels[depth:], '.') as parent from parts
    ),
    above as (
        select p.name, u.name as upper, p.depth
        from parents p
        join held u on u.name = p.parent and (u.is_there or not p.is_there)
    ),
    domain_names as (
        select name from held where is_registered or name not in (select name from above)
    ),
    nearest as (
        select above.name, arg_min(above.upper, above.depth) as domain
        from above semi join domain_names on domain_names.name = above.upper
        group by above.name
    )
select held.name, coalesce(d.name, nearest.domain, held.name) as domain
from held
left join domain_names d on d.name = held.name
left join nearest on nearest.name = held.name
