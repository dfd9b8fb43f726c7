-- The sorted rows, each with its key's number, its batch, and what becomes of it.
--
-- reads sorted   as sort_rows.sql gives it; its order is kept
-- takes $batch_size, $strategy
-- gives the columns of sorted, key, batch, outcome
--
-- Equal keys stand in one batch, so that batches are independent of one another. What is said again in the same file comes
-- after the first time. All windows are without an order of their own, so that they stream.

with
    compared as (
        select
            *,
            zone is distinct from lag(zone) over ()
                or kind is distinct from lag(kind) over ()
                or name is distinct from lag(name) over ()
                or type is distinct from lag(type) over ()
                or content is distinct from lag(content) over ()
                or priority is distinct from lag(priority) over () as is_first
        from sorted
    ),
    numbered as (
        select *, sum(is_first::integer) over (rows between unbounded preceding and current row) as key
        from compared
    )
select
    * exclude (is_first) replace (if(is_first or kind = 1 and existed not in ('import', 'manual'), existed, 'file') as existed),
    ((key - 1) // $batch_size + 1)::integer as batch,
    case
        when kind = 1 and existed not in ('import', 'manual') then 'skipped'
        when is_first and existed is null then 'new'
        else {'skip': 'skipped', 'replace': 'replaced', 'merge': 'merged', 'append': 'appended'}[$strategy]
    end as outcome
from numbered
