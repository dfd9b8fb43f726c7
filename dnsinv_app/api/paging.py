"""Lists: the parameters that all of them take, and the envelope that all of them answer."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from dnsinv.actions.queries import Page

MOST = 500  # items of one page
LAST_PAGE = 100_000_000

T = TypeVar("T")

PageNumber = Annotated[
    int, Field(ge=1, le=LAST_PAGE, description="Which page; one after the last is empty.")
]
Limit = Annotated[int, Field(ge=1, le=MOST, description="Items of a page.")]


class Paged(BaseModel):
    """Base of the parameters of lists."""

    model_config = ConfigDict(extra="forbid")

    page: PageNumber = 1
    limit: Limit = 50


class Listed(BaseModel, Generic[T]):
    """One page of a list; `total` counts all items that the filters leave."""

    items: list[T]
    page: int = Field(examples=[1])
    limit: int = Field(examples=[50])
    total: int = Field(examples=[123])
    pages: int = Field(examples=[3])


class Trial(BaseModel):
    """Whether to do it."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(default=False, description="Change nothing; say what would happen.")


def cut(items: Sequence[Any], asked: Paged) -> dict[str, Any]:
    """The page that is asked for of a list that is known whole."""
    start = (asked.page - 1) * asked.limit
    return envelope(items[start : start + asked.limit], len(items), asked)


def envelope(items: Sequence[Any], total: int, asked: Paged) -> dict[str, Any]:
    """A page as it is answered."""
    pages = -(-total // asked.limit)
    return {
        "items": items,
        "page": asked.page,
        "limit": asked.limit,
        "total": total,
        "pages": pages,
    }


def told(page: Page) -> dict[str, Any]:
    """The Reader's page as it is answered."""
    return {
        "items": page.items,
        "page": page.page,
        "limit": page.limit,
        "total": page.total,
        "pages": page.pages,
    }
