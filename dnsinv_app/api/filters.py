"""What lists and exports may be limited to: their parameters, as they are known outside."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dnsinv.actions.queries import LONGEST_TEXT, ChangeQuery, DomainQuery, RecordQuery
from dnsinv_app.api.asking import Text
from dnsinv_app.api.paging import Paged

Chosen = Annotated[Text, Field(max_length=LONGEST_TEXT)]
OWNER = "A user's name or e-mail address, else a group's name; `group:NAME` forces a group."
DAYS = "Expires within so many days, or has expired already."


class DomainChoice(BaseModel):
    """Which domains; what is left out leaves it open."""

    model_config = ConfigDict(extra="forbid")

    search: Chosen = Field(default="", description="Part of the name.", examples=["shop"])
    status: Chosen = Field(
        default="",
        description='A pair such as "(active, -)", or one lifecycle word for either provider.',
        examples=["expired"],
    )
    provider: Chosen = Field(default="", description="Held there.", examples=["godaddy"])
    owner: Chosen = Field(default="", description=OWNER, examples=["ada"])
    group: Chosen = Field(default="", description="A group's name.", examples=["ops"])
    tag: Chosen = Field(default="", description="One of its tags.")
    expiring: int | None = Field(default=None, ge=0, le=36_500, description=DAYS, examples=[30])
    unowned: bool = Field(default=False, description="Nobody owns it.")
    removed: bool = Field(default=False, description="Those that are gone, not the current ones.")
    sort: Chosen = Field(
        default="name",
        description='A column, with "-" in front for descending.',
        examples=["-expires_on"],
    )


class RecordChoice(BaseModel):
    """Which DNS records; what is left out leaves it open."""

    model_config = ConfigDict(extra="forbid")

    domain: Chosen = Field(
        default="", description="Of this domain, or in this zone.", examples=["shop.example"]
    )
    type: Chosen = Field(default="", description="A record type.", examples=["MX"])
    provider: Chosen = Field(default="", examples=["cloudflare"])
    owner: Chosen = Field(default="", description=OWNER, examples=["ada"])
    group: Chosen = Field(default="", description="A group's name.", examples=["ops"])
    unowned: bool = Field(default=False, description="Nobody owns it, nor its domain.")
    search: Chosen = Field(default="", description="Part of the name or the content.")
    sort: Chosen = Field(default="name", description='A column, with "-" in front for descending.')


class DomainFilters(Paged, DomainChoice):
    def query(self) -> DomainQuery:
        return DomainQuery(**self.model_dump())


class RecordFilters(Paged, RecordChoice):
    def query(self) -> RecordQuery:
        return RecordQuery(**self.model_dump())


class ChangeFilters(Paged):
    """Which changes; what is left out leaves it open."""

    since: Chosen | None = Field(
        default=None,
        description="Observed on this UTC day or at this instant, or later.",
        examples=["2026-03-02"],
    )
    until: Chosen | None = Field(
        default=None, description="Observed on this UTC day or before, or before this instant."
    )
    kind: Literal["", "domain", "record"] = ""
    domain: Chosen = Field(default="", description="In this domain or zone, or below it.")
    name: Chosen = Field(default="", description="Of exactly this name.")
    type: Chosen = Field(default="", description="A record type.")
    change: Literal["", "added", "removed", "modified", "moved"] = ""
    provider: Chosen = ""
    account: Chosen = ""

    def query(self) -> ChangeQuery:
        return ChangeQuery(**self.model_dump())
