"""/api/rules: who owns domains by their names."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dnsinv.actions import rules
from dnsinv.domain.people import Owner
from dnsinv.store.rules import Rule
from dnsinv_app.api.answers import answer, tagged
from dnsinv_app.api.asking import Body, Id, Installed, Text, Who
from dnsinv_app.api.assigning import Owners
from dnsinv_app.api.errors import MISSING
from dnsinv_app.api.paging import Listed, Paged, Trial, cut

router = APIRouter(tags=["people"])

ModeName = Literal["first", "all"]


class OwnerItem(BaseModel):
    """A user or a group that answers for something."""

    kind: Literal["user", "group"]
    id: int
    name: str = Field(examples=["ops"])


class RuleItem(BaseModel):
    """A pattern of names and who owns what it matches; rules count in order of position."""

    id: int = Field(examples=[4])
    position: int = Field(examples=[1])
    pattern: str = Field(examples=["*.shop.example"])
    owners: list[OwnerItem]
    created_at: datetime


class RuleAsked(Body):
    """A rule to be made; it counts for domains that come from now on."""

    pattern: Text = Field(max_length=300, examples=["*.shop.example"])
    owners: Owners
    position: int | None = Field(
        default=None, ge=1, le=1_000, description="1 is the first; the end where it is left out."
    )


class Gain(BaseModel):
    """A domain that gets an owner."""

    domain: str = Field(examples=["a.shop.example"])
    owner: str = Field(examples=["group:ops"])


class PlanItem(BaseModel):
    """What applying the rules to all current domains does, or would do."""

    domains: int = Field(description="Looked at.")
    matched: int = Field(description="That match a rule that counts.")
    added: dict[str, int] = Field(examples=[{"group:ops": 12}], description="Domains by new owner.")
    unchanged: int = Field(description="Owned already, or released by a person.")
    sample: list[Gain] = Field(description="Some of those who get an owner.")


class ModeItem(Body):
    """Which of the rules that match a domain count."""

    mode: ModeName


@router.get("/rules", response_model=Listed[RuleItem])
def list_rules(
    installation: Installed, who: Who, request: Request, asked: Annotated[Paged, Query()]
) -> Response:
    """The assignment rules in order."""
    found = [_told(rule) for rule in rules.all_rules(installation, who)]
    return tagged(request, cut(found, asked))


@router.post(
    "/rules",
    status_code=201,
    response_model=RuleItem,
    responses={200: {"model": PlanItem, "description": "With dry_run: what it would do"}},
)
def add_rule(
    installation: Installed, who: Who, asked: RuleAsked, trial: Annotated[Trial, Query()]
) -> Response:
    """Make a rule; with dry_run, say what all rules would do to the domains with it among them."""
    what = (installation, who, asked.pattern, asked.owners, asked.position)
    if trial.dry_run:
        return answer(_planned(rules.preview_rule(*what)))
    return answer(_told(rules.create_rule(*what)), 201)


@router.delete("/rules/{id}", status_code=204, responses=MISSING)
def delete_rule(installation: Installed, who: Who, rule_id: Id) -> None:
    """Take a rule out; who owns domains because of it goes on owning them."""
    rules.remove_rule(installation, who, rule_id)


@router.post("/rules/apply", response_model=PlanItem)
def apply_rules(installation: Installed, who: Who, trial: Annotated[Trial, Query()]) -> Response:
    """Apply the rules to all current domains now, or with dry_run say what that would do."""
    act = rules.preview_rules if trial.dry_run else rules.apply_rules
    return answer(_planned(act(installation, who)))


@router.get("/rules/mode", response_model=ModeItem)
def show_mode(installation: Installed, who: Who, request: Request) -> Response:
    """Whether the first rule that matches a domain counts, or all of them do."""
    return tagged(request, {"mode": rules.rule_mode(installation, who).value})


@router.put("/rules/mode", response_model=ModeItem)
def change_mode(installation: Installed, who: Who, asked: ModeItem) -> Response:
    """Let the first rule that matches a domain count, or all of them, from now on."""
    return answer({"mode": rules.set_rule_mode(installation, who, asked.mode).value})


def owners_told(owners: Sequence[Owner]) -> list[dict[str, Any]]:
    """Owners as they are answered."""
    return [{"kind": owner.kind, "id": owner.id, "name": owner.name} for owner in owners]


def _told(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "position": rule.position,
        "pattern": rule.pattern,
        "owners": owners_told(rule.owners),
        "created_at": rule.created_at,
    }


def _planned(plan: rules.Plan) -> dict[str, Any]:
    return {
        "domains": plan.domains,
        "matched": plan.matched,
        "added": dict(plan.added),
        "unchanged": plan.unchanged,
        "sample": [{"domain": domain, "owner": owner} for domain, owner in plan.sample],
    }
