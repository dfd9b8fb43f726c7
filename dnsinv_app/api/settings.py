"""/api/settings: what may change while services run."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions.configure import change_settings, settings_now
from dnsinv_app.api.answers import tagged
from dnsinv_app.api.asking import Body, IfMatch, Installed, Who, refuse_changed
from dnsinv_app.api.errors import CHANGED

router = APIRouter(tags=["state"])

Minutes = Annotated[
    float, Field(allow_inf_nan=False, examples=[60], description="Minutes between collections.")
]
Share = Annotated[
    float,
    Field(
        allow_inf_nan=False,
        examples=[0.3],
        description="Share of an account's domains that may be missing at once.",
    ),
]
Count = Annotated[
    float, Field(allow_inf_nan=False, examples=[3], description="The same for small accounts.")
]
Kept = Annotated[
    float, Field(allow_inf_nan=False, examples=[10], description="Automatic backups to keep.")
]
Days = Annotated[
    float, Field(allow_inf_nan=False, examples=[30], description="Days to keep them at least.")
]


class SettingValues(BaseModel):
    """The run-time settings as they are now."""

    data_collection_interval: Minutes
    guard_share: Share
    guard_count: Count
    backup_count: Kept
    backup_days: Days


class SettingChanges(Body):
    """Those to change; what is left out stays as it is."""

    data_collection_interval: Minutes | None = None
    guard_share: Share | None = None
    guard_count: Count | None = None
    backup_count: Kept | None = None
    backup_days: Days | None = None


@router.get("/settings", response_model=SettingValues)
def show_settings(installation: Installed, who: Who, request: Request) -> Response:
    """The run-time settings; the others are read once at start (docs/settings.md)."""
    return tagged(request, settings_now(installation, who))


@router.put("/settings", response_model=SettingValues, responses=CHANGED)
def put_settings(
    installation: Installed,
    who: Who,
    request: Request,
    changes: SettingChanges,
    if_match: IfMatch = None,
) -> Response:
    """Change run-time settings, for every service from now on."""
    if if_match:
        refuse_changed(if_match, settings_now(installation, who))
    values = changes.model_dump(exclude_none=True)
    return tagged(request, change_settings(installation, who, values))
