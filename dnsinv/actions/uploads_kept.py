"""Files that were sent to be imported, removed once nobody needs them."""

from datetime import datetime, timedelta
from pathlib import Path

from dnsinv.actions.installation import Installation, now
from dnsinv.domain.migrations import SUCCESSFUL, State
from dnsinv.migration.uploads import sweep
from dnsinv.store import migrations

KEPT = timedelta(days=1)  # for whoever analyses, looks and then imports


def sweep_uploads(installation: Installation, before: datetime | None = None) -> int:
    """Remove uploads that no open or resumable migration needs; how many.

    Args:
        before: those that came after it stay; a day ago if left out.
    """
    folder = installation.lake.layout.uploads
    if not folder.exists():
        return 0
    with installation.store.read() as db:
        others = migrations.in_states(db, [state for state in State if state not in SUCCESSFUL])
    paths = [Path(each.path) for each in others if each.undone_in is None]
    keep = {path.relative_to(folder).parts[0] for path in paths if path.is_relative_to(folder)}
    return sweep(installation.lake.layout, before or now() - KEPT, keep)
