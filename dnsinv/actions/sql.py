"""Ad hoc SQL over the datasets; the store is opened only for a query that reads what is in it."""

import os
from collections.abc import Mapping
from contextlib import closing

import pyarrow as pa

from dnsinv.errors import DnsinvError
from dnsinv.lake.lake import Lake
from dnsinv.lake.query import Wanted, run_query
from dnsinv.settings import Settings


def run_sql(settings: Settings, wanted: Wanted) -> None:
    """Run one reading statement and print or write its rows.

    Raises:
        UsageError: it is not one reading statement, DuckDB refuses it, or it takes too long.
        LakeError, StoreError: a file or the store cannot be read.
    """

    def people(names: set[str]) -> Mapping[str, pa.Table]:
        # Importing what opens a store takes longer than most queries.
        from dnsinv.actions.installation import open_with
        from dnsinv.actions.ownership import listed
        from dnsinv.store.database import copied

        try:
            with closing(open_with(settings)) as installation, installation.store.read() as db:
                return listed(db, names)
        except DnsinvError:
            if os.access(settings.data_path, os.W_OK):
                raise
            with copied(settings.store_url) as store, store.read() as db:
                return listed(db, names)

    run_query(Lake(settings.data_path, settings.memory_limit), wanted, people)
