"""/api/migration/templates: what becomes of the items of a file."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dnsinv.actions import templates
from dnsinv.actions.templates import Known
from dnsinv_app.api.answers import tagged
from dnsinv_app.api.asking import IfMatch, Installed, Text, Who, refuse_changed
from dnsinv_app.api.errors import CHANGED, CONFLICT, MISSING
from dnsinv_app.api.paging import Listed, Paged, cut

router = APIRouter(tags=["migration"])

EXAMPLE = {
    "id": "our-domains",
    "name": "Our domains",
    "defaults": {"batch_size": 100, "duplicates": "merge"},
    "domains": {
        "columns": {
            "name": {"paths": ["domain", "fqdn"], "rules": [{"rule": "required"}]},
            "discovered_on": {"paths": ["since"], "transforms": [{"do": "strip"}]},
            "owners": "team",
        }
    },
}  # fmt: skip
TemplateId = Annotated[Text, Text, Path(alias="id", max_length=100, examples=["our-domains"])]
Definition = Annotated[
    dict[str, Any],
    Body(
        examples=[EXAMPLE],
        description="A definition; docs/migration.md says what it may contain.",
    ),
]


class TemplateItem(BaseModel):
    """A template that can be used."""

    id: str = Field(examples=["our-domains"])
    name: str = Field(examples=["Our domains"])
    description: str
    version: int = Field(description="0 where it is built in.")
    is_builtin: bool
    created_at: datetime | None
    required: list[str] = Field(description="Fields that an item must have.")
    batch_size: int
    duplicate_strategy: Literal["skip", "replace", "merge", "append"]
    validate_domains: bool
    definition: dict[str, Any] = Field(description="What POST and PUT take.")


class VersionQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(
        default=None, ge=0, description="The version that you know: 409 where it is another."
    )


@router.get("/migration/templates", response_model=Listed[TemplateItem])
def list_templates(
    installation: Installed, who: Who, request: Request, asked: Annotated[Paged, Query()]
) -> Response:
    """The templates, those that are built in first."""
    found = [_told(each) for each in templates.all_templates(installation, who)]
    return tagged(request, cut(found, asked))


@router.get("/migration/templates/{id}", response_model=TemplateItem, responses=MISSING)
def show_template(
    installation: Installed, who: Who, request: Request, template_id: TemplateId
) -> Response:
    """One template, by its id or name."""
    return tagged(request, _told(templates.find_template(installation, who, template_id)))


@router.post(
    "/migration/templates", status_code=201, response_model=TemplateItem, responses=CONFLICT
)
def add_template(
    installation: Installed, who: Who, request: Request, definition: Definition
) -> Response:
    """Make a template."""
    made = templates.create_template(installation, who, definition)
    place = {"Location": f"/api/migration/templates/{made.template.id}"}
    return tagged(request, _told(made), 201, place)


@router.put(
    "/migration/templates/{id}",
    response_model=TemplateItem,
    responses={**MISSING, **CONFLICT, **CHANGED},
)
def change_template(
    installation: Installed,
    who: Who,
    request: Request,
    template_id: TemplateId,
    definition: Definition,
    asked: Annotated[VersionQuery, Query()],
    if_match: IfMatch = None,
) -> Response:
    """Make a new version of a template that somebody made; migrations that used it keep theirs."""
    if if_match is not None:
        known = _told(templates.find_template(installation, who, template_id))
        refuse_changed(if_match, known)
    changed = templates.change_template(installation, who, template_id, definition, asked.version)
    return tagged(request, _told(changed))


@router.delete("/migration/templates/{id}", status_code=204, responses={**MISSING, **CONFLICT})
def delete_template(installation: Installed, who: Who, template_id: TemplateId) -> None:
    """Take a template away that somebody made; migrations that used it keep theirs."""
    templates.remove_template(installation, who, template_id)


@router.get(
    "/migration/templates/{id}/versions",
    response_model=Listed[TemplateItem],
    responses=MISSING,
)
def list_versions(
    installation: Installed,
    who: Who,
    request: Request,
    template_id: TemplateId,
    asked: Annotated[Paged, Query()],
) -> Response:
    """All versions of a template that somebody made, the newest first, removed ones too."""
    found = [_told(each) for each in templates.template_versions(installation, who, template_id)]
    return tagged(request, cut(found, asked))


def _told(known: Known) -> dict[str, Any]:
    how = known.template
    return {
        "id": how.id,
        "name": how.name,
        "description": how.description,
        "version": known.version,
        "is_builtin": known.is_builtin,
        "created_at": known.created_at,
        "required": how.required,
        "batch_size": how.defaults.batch_size,
        "duplicate_strategy": how.defaults.duplicates,
        "validate_domains": how.defaults.validate_domains,
        "definition": how.definition(),
    }
