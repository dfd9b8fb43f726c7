"""Assignment rules: who owns domains by their names, for new ones and, when asked, for all.

Nobody is made an owner again of a domain that a person released them from.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, Deed, acting, allow
from dnsinv.actions.installation import Installation, now
from dnsinv.domain.patterns import Patterns, clean_pattern
from dnsinv.domain.people import Owner
from dnsinv.domain.permission import Right
from dnsinv.errors import NotThere, UsageError
from dnsinv.lake import assets
from dnsinv.store import annotations, assignments, owners, rules, settings
from dnsinv.store.assignments import Origin
from dnsinv.store.rules import Rule

COLLECTING = Actor("collection", "service")
MOST_RULES = 1_000
_SAMPLE = 20  # domains that a plan shows

Matched = dict[tuple[Rule, Owner], list[str]]


class RuleMode(StrEnum):
    """Which of the rules that match a domain count."""

    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying the rules does, or would do.

    `matched` domains of `domains` match a rule that counts; `added` says how many domains each
    owner gets ("group:ops": 12), `unchanged` how often somebody owned one already or was released
    from it; `sample` shows some of those who get one.
    """

    domains: int
    matched: int
    added: Mapping[str, int]
    unchanged: int
    sample: Sequence[tuple[str, str]]


def all_rules(installation: Installation, actor: Actor) -> list[Rule]:
    """The rules in order."""
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return rules.all_rules(db)


def rule_mode(installation: Installation, actor: Actor) -> RuleMode:
    """Which of the matching rules count."""
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return _mode(db)


def set_rule_mode(installation: Installation, actor: Actor, mode: str) -> RuleMode:
    """Let the first matching rule count, or all of them, from now on.

    Raises:
        NotAllowed: the actor may not manage rules.
        UsageError: there is no such mode.
    """
    name = settings.RULE_MODE
    with acting(installation, actor, "setting.change", Right.MANAGE_RULES, name) as deed:
        if mode not in tuple(RuleMode):
            raise UsageError(f"There is no rule mode {mode[:30]!a}; there are: first, all.")
        deed.details = {name: {"before": _mode(deed.db).value, "after": mode}}
        settings.change(deed.db, name, mode, deed.at)
        return RuleMode(mode)


def create_rule(
    installation: Installation,
    actor: Actor,
    pattern: str,
    references: Sequence[str],
    position: int | None = None,
) -> Rule:
    """A new rule at a position (1 is the first; what stands there moves down) or at the end.

    It counts for domains that come from now on; `apply_rules` is for those that are there.

    Raises:
        NotAllowed: the actor may not manage rules.
        BadPattern: it can match no domain name.
        UsageError: an owner is unknown or may be two, none is named, or there are too many rules.
    """
    with acting(installation, actor, "rule.create", Right.MANAGE_RULES) as deed:
        deed.subject = clean = clean_pattern(pattern)
        named = owners.owners(deed.db, references)
        if not named:
            raise UsageError("Name at least one owner.")
        if len(rules.all_rules(deed.db)) >= MOST_RULES:
            raise UsageError(f"There are {MOST_RULES:,} rules already; remove some first.")
        rule = rules.add(deed.db, clean, named, position, deed.at, deed.seq)
        deed.details = _told(rule)
        return rule


def remove_rule(installation: Installation, actor: Actor, rule_id: int) -> Rule:
    """Take a rule out; who owns domains because of it goes on owning them.

    Raises:
        NotAllowed: the actor may not manage rules.
        NotThere: there is no such rule.
    """
    with acting(installation, actor, "rule.remove", Right.MANAGE_RULES) as deed:
        rule = next((rule for rule in rules.all_rules(deed.db) if rule.id == rule_id), None)
        if rule is None:
            raise NotThere(f"There is no rule {rule_id}; `dnsinv rule list` shows all.")
        deed.subject, deed.details = rule.pattern, _told(rule)
        rules.end(deed.db, rule, deed.seq)
        return rule


def preview_rules(installation: Installation, actor: Actor) -> Plan:
    """What applying the rules to all current domains would do; it does nothing.

    Raises:
        NotAllowed: the actor may not read.
    """
    allow(installation, actor, Right.READ)
    names = _current(installation)
    with installation.store.read() as db:
        return _applied(db, names, None)


def preview_rule(
    installation: Installation,
    actor: Actor,
    pattern: str,
    references: Sequence[str],
    position: int | None = None,
) -> Plan:
    """The same with a rule more, which is not made either.

    Raises:
        NotAllowed, BadPattern, UsageError: as create_rule.
    """
    allow(installation, actor, Right.MANAGE_RULES)
    names, clean = _current(installation), clean_pattern(pattern)
    with installation.store.read() as db:
        named, ordered = owners.owners(db, references), rules.all_rules(db)
        if not named:
            raise UsageError("Name at least one owner.")
        place = len(ordered) if position is None else position - 1
        ordered.insert(place, Rule(0, place + 1, clean, tuple(named), now()))
        return _applied(db, names, None, ordered)


def apply_rules(installation: Installation, actor: Actor) -> Plan:
    """Apply the rules to all current domains now.

    Raises:
        NotAllowed: the actor may not manage rules.
    """
    names = _current(installation)
    with acting(installation, actor, "rule.apply", Right.MANAGE_RULES, "all domains") as deed:
        plan = _applied(deed.db, names, Origin(deed.at, deed.seq, "rule"))
        deed.details = {"domains": plan.domains, "matched": plan.matched, "added": plan.added}
        return plan


def apply_to_new(installation: Installation) -> int:
    """Apply the rules to domains that came since this was last done; how many got an owner.

    Each account's are counted apart: what one observed earlier may be folded later.
    """
    with installation.store.read() as db:
        before = settings.reached(db, settings.RULES_REACHED)
        has_rules = bool(rules.all_rules(db))
    names, after = assets.new_domains(installation.lake, before)
    if after == before:
        return 0
    if not (names and has_rules):
        with installation.store.begin() as db:
            settings.reach(db, settings.RULES_REACHED, after, now())
        return 0
    with acting(installation, COLLECTING, "rule.apply", Right.MANAGE_RULES, "new domains") as deed:
        settings.reach(deed.db, settings.RULES_REACHED, after, deed.at)
        plan = _applied(deed.db, names, Origin(deed.at, deed.seq, "rule"))
        deed.details = {"domains": plan.domains, "matched": plan.matched, "added": plan.added}
        return plan.matched


def apply_to_one(deed: Deed, name: str) -> None:
    """Apply the rules to a domain that a person just entered."""
    plan = _applied(deed.db, [name], Origin(deed.at, deed.seq, "rule"))
    deed.details |= {"owners": sorted(plan.added)}


def _current(installation: Installation) -> list[str]:
    names = assets.domain_names(installation.lake)
    with installation.store.read() as db:
        return sorted({*names, *annotations.manual_names(db)})


def _applied(
    db: Connection,
    names: Sequence[str],
    origin: Origin | None,
    ordered: Sequence[Rule] | None = None,
) -> Plan:
    """Assign by the rules (those of the store if not given), or without an origin only count."""
    matched = _matched(rules.all_rules(db) if ordered is None else ordered, _mode(db), names)
    added: Counter[str] = Counter()
    sample: list[tuple[str, str]] = []
    for (rule, owner), owned in matched.items():
        told = f"{owner.kind}:{owner.name}"
        fresh = assignments.never_owned(db, owned, owner)
        sample += [(name, told) for name in fresh[: _SAMPLE - len(sample)]]
        if origin:
            source = Origin(origin.at, origin.seq, origin.source, str(rule.id))
            assignments.add_new(db, fresh, owner, source)
        added[told] += len(fresh)
    return Plan(
        len(names),
        len(set().union(*matched.values())),
        {told: count for told, count in sorted(added.items()) if count},
        sum(map(len, matched.values())) - added.total(),
        sorted(sample),
    )


def _matched(ordered: Sequence[Rule], mode: RuleMode, names: Iterable[str]) -> Matched:
    """What each rule gives each of its owners; of several that give the same, the first does."""
    patterns = Patterns.of(rule.pattern for rule in ordered)
    matched: Matched = {}
    for name in names:
        places = patterns.places(name)
        seen: set[Owner] = set()
        for rule in _counting(ordered, places, mode):
            for owner in rule.owners:
                if owner not in seen:
                    seen.add(owner)
                    matched.setdefault((rule, owner), []).append(name)
    return matched


def _counting(ordered: Sequence[Rule], places: list[int], mode: RuleMode) -> Iterator[Rule]:
    counting = places[:1] if mode is RuleMode.FIRST else places
    yield from (ordered[place] for place in counting)


def _mode(db: Connection) -> RuleMode:
    return RuleMode(settings.known(db, settings.RULE_MODE) or RuleMode.FIRST)


def _told(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "position": rule.position,
        "owners": [f"{owner.kind}:{owner.name}" for owner in rule.owners],
    }
