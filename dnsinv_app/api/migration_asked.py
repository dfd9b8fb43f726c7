"""What is asked of migrations: their options in a body or a form, and what is answered of a job."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from dnsinv.actions.migration_request import Wishes
from dnsinv_app.api.asking import Body, Text

MOST_OWNERS = 100

JobId = Annotated[
    Text, Field(max_length=20, examples=["m000001"], description="As POST /migration answers it.")
]
UploadId = Annotated[
    Text,
    Field(
        max_length=100,
        examples=["3f0c7a52b1d94e6f8a2b5c7d9e0f1a2b"],
        description="Of a file sent before.",
    ),
]
StrategyName = Literal["skip", "replace", "merge", "append"]
StateName = Literal[
    "pending",
    "staging",
    "running",
    "paused",
    "completed",
    "completed with errors",
    "failed",
    "cancelled",
]


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _parsed(value: Any) -> Any:
    """What a form has as text; what it may contain is the template's to say."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("It is not JSON.") from None


OwnerNames = Annotated[
    list[Annotated[Text, Field(max_length=300)]],
    BeforeValidator(_split, json_schema_input_type=list[str] | str),
    Field(
        max_length=MOST_OWNERS,
        examples=[["admin", "dns-team"]],
        description="Owners of all rows: user names or e-mail addresses, then groups; "
        "`group:NAME` forces a group. One text with commas between them will do.",
    ),
]


class Sent(Body):
    """A file: one in the form itself, or one that was sent before."""

    upload_id: UploadId | None = None


class Options(Sent):
    """A file, and how its rows are taken in; the template's defaults where it is not said."""

    template_id: Text = Field(
        default="",
        max_length=100,
        examples=["godaddy-domains"],
        description="Id or name of a template; the one that fits the file where it is left out.",
    )
    batch_size: int | None = Field(
        default=None, ge=10, le=1000, examples=[50], description="Keys of a batch."
    )
    duplicate_strategy: StrategyName | None = Field(default=None, examples=["merge"])
    assign_to_users: OwnerNames = Field(default_factory=list)
    validate_domains: bool | None = Field(
        default=None, description="Whether an account holds each domain."
    )
    strict: bool = Field(default=False, description="Take all items or none.")

    def wishes(self, *, create_users: bool = False) -> Wishes:
        """The same for the engine."""
        return Wishes(
            self.batch_size,
            self.duplicate_strategy,
            self.validate_domains,
            self.strict,
            self.assign_to_users,
            create_users,
        )


class MigrationAsked(Options):
    """A migration to be begun."""

    create_users: bool = Field(
        default=False, description="Make users, inactive, of owners that the file names."
    )
    name: Text = Field(default="", max_length=200, description="What to call the file.")


class PreviewAsked(Options):
    """An import to be tried."""

    template: Annotated[dict[str, Any] | None, BeforeValidator(_parsed)] = Field(
        default=None, description="A definition that is not kept yet, instead of template_id."
    )
    limit: int = Field(default=20, ge=1, le=100, description="Items that are shown.")


class UploadItem(BaseModel):
    """A file that was sent; it is kept until it is imported."""

    upload_id: str = Field(examples=["3f0c7a52b1d94e6f8a2b5c7d9e0f1a2b"])
    name: str = Field(examples=["legacy.json"], description="As the sender calls it.")
    bytes: int
    sha256: str


class Fault(BaseModel):
    """What is wrong with an item of a file, or was warned of."""

    item: int = Field(description="From 1.")
    line: int = Field(description="Line that the item begins on; 0 where it has none.")
    field: str = Field(examples=["domain"])
    value: str
    code: str = Field(examples=["bad_name"], description="For programs; it never changes.")
    reason: str
    is_warning: bool = Field(description="The row counts nevertheless.")


class Links(BaseModel):
    """Where to look."""

    progress: str
    events: str
    errors: str
    dagster: str | None = Field(default=None, description="Where Dagster shows it.")


class Job(BaseModel):
    """A migration: what was asked for, and how far it is by its ledger."""

    job_id: str = Field(examples=["m000001"])
    name: str = Field(examples=["legacy.json"])
    source: str = Field(examples=["upload"])
    state: StateName
    is_undone: bool
    message: str = Field(description="Why it failed.")
    template: str
    template_id: str
    duplicate_strategy: StrategyName
    batch_size: int
    validate_domains: bool
    strict: bool
    create_users: bool
    owners: list[str] = Field(examples=[["user:admin", "group:dns-team"]])
    bytes: int
    items: int = Field(description="Read of the file, so far.")
    invalid: int = Field(description="Items that gave no row.")
    warnings: int
    batches: int
    committed_batches: int
    slices: int
    published_slices: int
    current_slice: int | None
    rows: int
    committed_rows: int
    planned: dict[str, int] = Field(description="Rows by outcome.")
    committed: dict[str, int] = Field(description="The same of the committed batches.")
    percent: float
    rows_per_second: float | None
    eta_seconds: int | None
    restore_point: str = Field(description="Name of the backup from before, where it replaces.")
    created_by: str
    created_at: datetime
    started_at: datetime | None
    staged_at: datetime | None
    finished_at: datetime | None
    links: Links


class Progress(Job):
    """A migration with what came of it."""

    errors: int = Field(description="Errors and warnings in all.")
    last_errors: list[Fault]
    kept: dict[str, dict[str, int]] | None = Field(
        description="Rows of what a provider observes, which stays as it is observed.",
        examples=[{"godaddy": {"domains": 12}}],
    )
    overtaken: dict[str, int] | None = Field(
        description="Rows that an earlier migration brought meanwhile, which counts first."
    )
