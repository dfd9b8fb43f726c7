-- The domains in the order of the list: the current ones first.
--
-- reads domains
-- gives the columns of domains

from domains where removed_on is null
union all
from domains where removed_on is not null
