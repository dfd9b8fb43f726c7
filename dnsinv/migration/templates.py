"""Templates: how the items of a file become rows of domains and records. Definitions are JSON.

A template says for each column of a row which fields of an item it comes from, what is done to the
value and what it must be. docs/templates.md says what a definition may contain.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from dnsinv.domain.text import BadText, clean_line, clean_note
from dnsinv.errors import UsageError
from dnsinv.migration.paths import BadPath, path
from dnsinv.migration.rules import Required, Rule
from dnsinv.migration.transforms import Scalar, Strict, Transform

SCHEMA_VERSION = 1
LONGEST_NAME = 100
LONGEST_DESCRIPTION = 2000
LONGEST_DEFINITION = 1_000_000  # characters of JSON
_FAULTS_SHOWN = 5

DomainColumn = Literal[
    "name", "status", "godaddy_status", "cloudflare_status", "discovered_on", "registered_on",
    "expires_on", "auto_renew", "locked", "privacy", "nameservers", "owners",
]  # fmt: skip
RecordColumn = Literal[
    "domain", "name", "subdomain", "type", "data", "ttl", "priority", "discovered_on", "owners"
]
NEEDED_OF_DOMAIN: tuple[DomainColumn, ...] = ("name",)
NEEDED_OF_RECORD: tuple[RecordColumn, ...] = ("domain", "type", "data")

Duplicates = Literal["skip", "replace", "merge", "append"]


class BadTemplate(UsageError):
    """Not a definition of a template; the text says what is wrong and where."""


def _path(text: str) -> str:
    try:
        path(text)
    except BadPath as bad:
        raise ValueError(str(bad)) from bad
    return text


def _name(text: str) -> str:
    return _clean(clean_line, text, "name", LONGEST_NAME)


def _description(text: str) -> str:
    return _clean(clean_note, text, "description", LONGEST_DESCRIPTION)


def _clean(clean: Callable[[str, str, int], str], text: str, what: str, longest: int) -> str:
    try:
        return clean(text, what, longest)
    except BadText as bad:
        raise ValueError(str(bad)) from bad


PathText = Annotated[str, AfterValidator(_path)]
Paths = Annotated[list[PathText], Field(min_length=1, max_length=50)]


class Mapping(Strict):
    """Where the value of a column comes from: of several paths the first that leads to something.

    A path alone may stand for all of it. A constant is what every row has.
    """

    paths: Annotated[list[PathText], Field(max_length=50, default_factory=list)]
    constant: Scalar | None = None
    transforms: Annotated[list[Transform], Field(max_length=20, default_factory=list)]
    rules: Annotated[list[Rule], Field(max_length=20, default_factory=list)]

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"paths": [given]} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_of_two(self) -> "Mapping":
        if bool(self.paths) == (self.constant is not None):
            raise ValueError("give either paths or a constant")
        return self

    @property
    def is_required(self) -> bool:
        return any(isinstance(rule, Required) for rule in self.rules)


class Rows(Strict):
    """Of what in an item rows are made: of all that the first path leads to that leads anywhere.

    Without a path the item itself makes the row. Paths of the columns begin where rows are made.
    """

    each: Annotated[list[PathText], Field(max_length=20, default_factory=list)]

    @field_validator("each", mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    @field_validator("each")
    @classmethod
    def _of_fields(cls, each: list[str]) -> list[str]:
        for text in each:
            if not path(text).steps or path(text).of_item or path(text).ups:
                raise ValueError(f"{text} does not begin with a field of the item")
        return each


class Domains(Rows):
    """What becomes a row of a domain."""

    columns: dict[DomainColumn, Mapping]

    @field_validator("columns")
    @classmethod
    def _complete(cls, columns: dict[DomainColumn, Mapping]) -> dict[DomainColumn, Mapping]:
        _demand(NEEDED_OF_DOMAIN, columns)
        return columns


class Records(Rows):
    """What becomes a row of a record; a list of data makes as many records.

    `name` is the full name or the one within the domain, `subdomain` always the latter. `txt` says
    how the data of TXT is written: raw, quoted as in a zone file, either, or with octoDNS's
    escapes. `mx_priority` is for MX data without one: the first of a list has it, each next one
    more.
    """

    columns: dict[RecordColumn, Mapping]
    txt: Literal["raw", "quoted", "either", "octodns"] = "either"
    mx_priority: Annotated[int, Field(ge=0, le=65_000)] | None = None

    @field_validator("columns")
    @classmethod
    def _complete(cls, columns: dict[RecordColumn, Mapping]) -> dict[RecordColumn, Mapping]:
        _demand(NEEDED_OF_RECORD, columns)
        if "name" in columns and "subdomain" in columns:
            raise ValueError("give name or subdomain, not both")
        return columns


class Defaults(Strict):
    """What an import does unless it is told otherwise."""

    batch_size: Annotated[int, Field(ge=10, le=1000)] = 100
    duplicates: Duplicates = "skip"
    validate_domains: bool = False


class Template(Strict):
    """A definition of what becomes of the items of a file."""

    schema_version: Literal[1] = 1
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    name: Annotated[str, StringConstraints(min_length=1), AfterValidator(_name)]
    description: Annotated[str, AfterValidator(_description)] = ""
    defaults: Defaults = Defaults()
    domains: Domains | None = None
    records: Annotated[list[Records], Field(max_length=50, default_factory=list)]
    keep_others: bool = True  # fields that no path names go into the rows' attributes
    known_fields: Annotated[list[str], Field(max_length=200, default_factory=list)]  # to be told by

    @model_validator(mode="after")
    def _makes_rows(self) -> "Template":
        if not self.domains and not self.records:
            raise ValueError("give domains, records or both; this template makes no row")
        return self

    @property
    def required(self) -> list[str]:
        """The fields that an item must have: the first path of each column that must be there."""
        return list(dict.fromkeys(self._required()))

    def _required(self) -> Iterator[str]:
        for columns, needed in self._columns():
            for column, mapping in columns.items():
                if mapping.paths and (column in needed or mapping.is_required):
                    yield mapping.paths[0]

    def _columns(self) -> Iterator[tuple[dict[Any, Mapping], tuple[str, ...]]]:
        if self.domains:
            yield self.domains.columns, NEEDED_OF_DOMAIN
        for records in self.records:
            yield records.columns, NEEDED_OF_RECORD

    def definition(self) -> dict[str, Any]:
        """What `template` makes this template from again; nothing that is said anyway is in it."""
        found = self.model_dump(mode="json", exclude_defaults=True)
        return {"schema_version": SCHEMA_VERSION, **found}

    def to_json(self) -> str:
        return json.dumps(self.definition(), indent=2, ensure_ascii=False) + "\n"


def template(definition: Any) -> Template:
    """The template of a definition: parsed JSON, or its text.

    Raises:
        BadTemplate: it is none; the text says what, where and how to mend it.
    """
    if isinstance(definition, str | bytes):
        definition = _parsed(definition)
    if not isinstance(definition, dict):
        raise BadTemplate("A template is a JSON object with id, name, and domains or records.")
    called = str(definition.get("name") or definition.get("id") or "without a name")[:100]
    if definition.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise BadTemplate(
            f"Template {called!r} has schema version {str(definition['schema_version'])[:20]!r};"
            f" this version of DNS Inventory reads {SCHEMA_VERSION}."
        )
    try:
        return Template.model_validate(definition)
    except (ValidationError, RecursionError) as error:
        raise BadTemplate(f"Template {called!r} is not right: {_told(error)}.") from error


@cache
def builtin() -> tuple[Template, ...]:
    """The templates that come with DNS Inventory, in the order in which they are offered."""
    folder = resources.files("dnsinv.migration") / "builtin"
    found = [each for each in folder.iterdir() if each.name.endswith(".json")]
    files = sorted(found, key=lambda each: each.name)
    return tuple(template(each.read_text(encoding="utf-8")) for each in files)


def _demand(needed: tuple[str, ...], columns: dict[Any, Mapping]) -> None:
    if missing := [each for each in needed if each not in columns]:
        raise ValueError(f"there is no mapping for {', '.join(missing)}")


def _parsed(text: str | bytes) -> Any:
    if len(text) > LONGEST_DEFINITION:
        raise BadTemplate(f"A template has at most {LONGEST_DEFINITION} characters.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTemplate(f"The template is not JSON: {error}.") from error


def _told(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    faults = error.errors(include_url=False, include_input=False)
    told = "; ".join(map(_fault, faults[:_FAULTS_SHOWN]))
    more = len(faults) - _FAULTS_SHOWN
    return f"{told}; and {more} more" if more > 0 else told


def _fault(fault: ErrorDetails) -> str:
    place = ".".join(str(each) for each in fault["loc"])
    text = fault["msg"].removeprefix("Value error, ").rstrip(".")
    return f"at {place}: {text}" if place else text
