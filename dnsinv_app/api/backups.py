"""/api/backups: what a restore can start from. Restoring stops everything, so no route does it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions.backup import list_backups, make_backup
from dnsinv.actions.backup_file import Backup
from dnsinv_app.api.answers import answer, tagged
from dnsinv_app.api.asking import Body, Installed, Text, Who
from dnsinv_app.api.errors import CONFLICT
from dnsinv_app.api.paging import Listed, Paged, cut

router = APIRouter(tags=["state"])


class BackupItem(BaseModel):
    """One backup in BACKUP_PATH."""

    name: str
    size: int = Field(description="Bytes of the file.", examples=[48_213_992])
    made_at: datetime
    why: str = Field(examples=["by hand"])


class BackupAsked(Body):
    """A backup to be made."""

    name: Text | None = Field(
        default=None,
        max_length=100,
        examples=["before-the-move"],
        description="One that has a name is kept until somebody removes it.",
    )


@router.get("/backups", response_model=Listed[BackupItem])
def show_backups(
    installation: Installed, who: Who, request: Request, asked: Annotated[Paged, Query()]
) -> Response:
    """Backups, newest first."""
    found = [_told(each) for each in list_backups(installation, who)]
    return tagged(request, cut(found, asked))


@router.post("/backups", status_code=201, response_model=BackupItem, responses=CONFLICT)
def add_backup(installation: Installed, who: Who, asked: BackupAsked | None = None) -> Response:
    """Back up store and lake, while everything runs; answers when it is done."""
    return answer(_told(make_backup(installation, who, asked.name if asked else None)), 201)


def _told(backup: Backup) -> dict[str, Any]:
    facts = backup.facts
    return {
        "name": backup.path.name,
        "size": backup.size,
        "made_at": facts.made_at,
        "why": facts.why,
    }
