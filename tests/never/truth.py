"""A small world that drifts at random, and what a provider's client must make of it.

Raw records go to the sandbox, canonical ones are written down beside them here, by hand and not by
the product's own code: what is compared must not come from what is tested.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from dnsinv.domain.domains import Lifecycle
from dnsinv.sandbox.draws import hex_id
from dnsinv.sandbox.view import is_in_cloudflares_half
from dnsinv.sandbox.world import (
    CLOUDFLARE_NAMESERVERS,
    GODADDY_NAMESERVERS,
    Status,
    WorldDomain,
    WorldRecord,
)

GONE = (Status.REDEEMABLE, Status.CANCELLED, Status.TRANSFERRED)
"""States in which a registrar asked by name no longer speaks for a domain."""

_TTLS = (300, 600, 3600, 86_400)
_START = date(2000, 1, 1)
_LIFECYCLES = {
    Status.ACTIVE: Lifecycle.ACTIVE,
    Status.PARKED: Lifecycle.PARKED,
    Status.LOCKED: Lifecycle.LOCKED,
    Status.HELD: Lifecycle.HELD,
    Status.PENDING: Lifecycle.PENDING,
    Status.EXPIRED: Lifecycle.EXPIRED,
    Status.REDEEMABLE: Lifecycle.CANCELLED,
    Status.CANCELLED: Lifecycle.CANCELLED,
    Status.TRANSFERRED: Lifecycle.TRANSFERRED,
}

Row = tuple[object, ...]
"""A record as the lake must have it: name, type, content, ttl, priority, proxied, comment, id."""

DomainRow = tuple[object, ...]
"""status, expires_on, registered_on, auto_renew, locked, privacy, nameservers."""


@dataclass(frozen=True)
class Value:
    """One record: as the world has it, and its canonical content and priority."""

    raw: WorldRecord
    content: str
    priority: int | None = None


@dataclass(frozen=True)
class State:
    """Everything that exists at one moment."""

    domains: dict[str, WorldDomain] = field(default_factory=dict)
    zones: dict[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Eye:
    """How one kind of account sees the world: which API, and who hosts what."""

    api: str
    """godaddy-v1, godaddy-v3 or cloudflare."""
    is_split: bool = False
    """Whether Cloudflare hosts a fixed half of the zones."""
    lists_managed: bool = True
    """Whether v1 lists SOA and apex NS."""

    def names(self, state: State) -> set[str]:
        """What the account lists."""
        if self.api == "cloudflare" and self.is_split:
            return {name for name in state.domains if is_in_cloudflares_half(name)}
        return set(state.domains)

    def has_zone(self, name: str) -> bool:
        """Whether a listed domain's zone can be read in this account."""
        return self.api == "cloudflare" or not (self.is_split and is_in_cloudflares_half(name))

    def rows(self, state: State, name: str) -> frozenset[Row]:
        """The records of a zone as they must be stored."""
        if name not in state.zones or not self.has_zone(name):
            return frozenset()
        return frozenset(
            self._row(name, value) for value in state.zones[name] if self._lists(name, value.raw)
        )

    def domain(self, state: State, name: str) -> DomainRow:
        """A domain's facts as they must be stored."""
        found = state.domains[name]
        if self.api == "cloudflare":
            is_moved = found.status in (Status.EXPIRED, *GONE)
            word = Lifecycle.TRANSFERRED if is_moved else Lifecycle.ACTIVE
            if found.status is Status.PENDING:
                word = Lifecycle.PENDING
            return (word, None, None, None, None, None, tuple(sorted(CLOUDFLARE_NAMESERVERS)))
        servers = GODADDY_NAMESERVERS if self.has_zone(name) else CLOUDFLARE_NAMESERVERS
        return (
            _LIFECYCLES[found.status],
            found.expires_on,
            found.registered_on,
            found.auto_renew,
            found.locked,
            found.privacy,
            tuple(sorted(servers)),
        )

    def _lists(self, zone: str, record: WorldRecord) -> bool:
        is_managed = record.type == "SOA" or (record.type == "NS" and record.name == zone)
        if self.api == "cloudflare":
            return not is_managed
        return not is_managed or self.api == "godaddy-v3" or self.lists_managed

    def _row(self, zone: str, value: Value) -> Row:
        raw = value.raw
        if self.api != "cloudflare":
            return (raw.name, raw.type, value.content, raw.ttl, value.priority, None, "", "")
        identity = hex_id(zone, raw.name, raw.type, raw.key)
        is_proxied = raw.proxied and raw.type in ("A", "AAAA", "CNAME")
        ttl = 1 if is_proxied else raw.ttl
        return (
            *(raw.name, raw.type, value.content, ttl, value.priority, is_proxied),
            *(raw.comment, identity),
        )


class Drift:
    """Makes states, each from the one before. Equal seeds make equal worlds."""

    def __init__(self, random: Random, domains: range, records: range) -> None:
        self._random = random
        self._records = records
        self._serial = random.randrange(1, 1000) * 100_000
        state = State()
        for _ in range(random.choice(domains)):
            state = self._bought(state)
        self.state = state

    def step(self) -> State:
        """Let a few things happen, seldom a landslide."""
        random = self._random
        small = [self._edited] * 4 + [self._added] * 3 + [self._dropped] * 3
        small += [self._retimed, self._bought, self._sold, self._restated, self._new_servers]
        large = (self._emptied, self._thinned, self._landslide)
        steps = [random.choice(small) for _ in range(random.choice((0, 1, 1, 2, 3, 4, 6, 9)))]
        if random.random() < 0.12:
            steps.append(random.choice(large))
        for step in steps:
            if self.state.domains or step == self._bought:
                self.state = step(self.state)
        return self.state

    # -- what can happen --------------------------------------------------------------------------

    def _bought(self, state: State) -> State:
        number = self._number()
        name = f"{self._random.choice(('shop', 'mail', 'brand', 'x'))}-{number}.example"
        if self._random.random() < 0.05:
            name = f"xn--bcher-kva.n{number}.example"
        domain = WorldDomain(
            name=name,
            id=self._random.randrange(10**9),
            registered_on=date(2015, 1, 1) + timedelta(days=self._random.randrange(3000)),
            expires_on=date(2027, 1, 1) + timedelta(days=self._random.randrange(700)),
            status=self._random.choice((Status.ACTIVE,) * 9 + tuple(Status)),
            auto_renew=self._random.random() < 0.8,
            locked=self._random.random() < 0.8,
            privacy=self._random.random() < 0.2,
        )
        zone = [self._apex(name, server) for server in ("ns1", "ns2")]
        zone += [self._value(name) for _ in range(self._random.choice(self._records))]
        self._random.shuffle(zone)
        return self._with_zone(replace(state, domains={**state.domains, name: domain}), name, zone)

    def _sold(self, state: State) -> State:
        return self._without(state, [self._any(state)])

    def _landslide(self, state: State) -> State:
        share = self._random.choice((0.25, 0.4, 0.8))
        names = sorted(state.domains)
        return self._without(state, self._random.sample(names, int(share * len(names))))

    def _restated(self, state: State) -> State:
        name = self._any(state)
        domain = state.domains[name]
        domain = self._random.choice(
            (
                replace(domain, auto_renew=not domain.auto_renew),
                replace(domain, expires_on=domain.expires_on + timedelta(days=365)),
                replace(domain, status=self._random.choice(tuple(Status))),
            )
        )
        return replace(state, domains={**state.domains, name: domain})

    def _added(self, state: State) -> State:
        name = self._any(state)
        zone = list(state.zones[name])
        zone.insert(self._random.randrange(len(zone) + 1), self._value(name))
        return self._with_zone(state, name, zone)

    def _dropped(self, state: State) -> State:
        return self._changed(state, lambda _name, _value: None)

    def _edited(self, state: State) -> State:
        return self._changed(state, self._other_content)

    def _retimed(self, state: State) -> State:
        def retimed(_name: str, value: Value) -> Value:
            ttl = self._random.choice([ttl for ttl in _TTLS if ttl != value.raw.ttl])
            return replace(value, raw=replace(value.raw, ttl=ttl))

        return self._changed(state, retimed)

    def _new_servers(self, state: State) -> State:
        name = self._any(state)
        server = self._random.choice(("ns1", "ns2", "ns3", "ns4"))
        others = [value for value in state.zones[name] if not self._is_server(name, value)]
        servers = [value for value in state.zones[name] if self._is_server(name, value)]
        if len(servers) > 1 and self._random.random() < 0.5:
            servers.pop(self._random.randrange(len(servers)))
        elif all(not value.content.startswith(server) for value in servers):
            servers.append(self._apex(name, server))
        return self._with_zone(state, name, [*others, *servers])

    def _emptied(self, state: State) -> State:
        name = self._any(state)
        return self._with_zone(
            state, name, [value for value in state.zones[name] if self._is_server(name, value)]
        )

    def _thinned(self, state: State) -> State:
        name = self._any(state)
        return self._with_zone(
            state,
            name,
            [
                value
                for value in state.zones[name]
                if self._is_server(name, value) or self._random.random() < 0.4
            ],
        )

    # -- how it is made ---------------------------------------------------------------------------

    def _any(self, state: State) -> str:
        return self._random.choice(sorted(state.domains))

    def _number(self) -> int:
        self._serial += 1
        return self._serial

    def _without(self, state: State, names: Sequence[str]) -> State:
        return State(
            {name: domain for name, domain in state.domains.items() if name not in names},
            {name: zone for name, zone in state.zones.items() if name not in names},
        )

    def _with_zone(self, state: State, name: str, values: Sequence[Value]) -> State:
        zone = [value for value in values if value.raw.type != "SOA"]
        serial = self._number()
        soa = f"ns1.host.example. dns.host.example. {serial} 28800 7200 604800 600"
        content = f"ns1.host.example dns.host.example {serial} 28800 7200 604800 600"
        zone.append(Value(WorldRecord(name, "SOA", 3600, soa, key="soa"), content))
        return replace(state, zones={**state.zones, name: tuple(zone)})

    def _changed(self, state: State, change: Callable[[str, Value], Value | None]) -> State:
        name = self._any(state)
        zone = list(state.zones[name])
        places = [place for place, value in enumerate(zone) if not self._is_kept(name, value)]
        if not places:
            return state
        place = self._random.choice(places)
        value = change(name, zone[place])
        zone[place : place + 1] = [] if value is None else [value]
        return self._with_zone(state, name, zone)

    @staticmethod
    def _is_server(zone: str, value: Value) -> bool:
        return value.raw.type == "NS" and value.raw.name == zone

    def _is_kept(self, zone: str, value: Value) -> bool:
        return value.raw.type == "SOA" or self._is_server(zone, value)

    def _apex(self, zone: str, server: str) -> Value:
        raw = WorldRecord(zone, "NS", 3600, f"{server}.host.example.", key=server)
        return Value(raw, f"{server}.host.example")

    def _other_content(self, zone: str, value: Value) -> Value:
        """The same record with other data: its type, name, key and TTL stay."""
        other = self._value(zone, value.raw.type)
        raw = replace(value.raw, rdata=other.raw.rdata)
        return replace(value, raw=raw, content=other.content, priority=other.priority)

    def _value(self, zone: str, kind: str = "") -> Value:
        random, number = self._random, self._number()
        kind = kind or random.choice(("A", "A", "A", "AAAA", "CNAME", "MX", "TXT", "SRV", "CAA"))
        label = random.choice(("www", "api", "mail", "app")) + (
            "" if random.random() < 0.4 and kind != "CNAME" else f"-{number}"
        )
        priority: int | None = None
        match kind:
            case "A":
                rdata = content = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            case "AAAA":
                content = rdata = f"2001:db8:{number >> 16 | 4096:x}:{number & 65535 or 1:x}::1"
            case "CNAME" | "NS":
                rdata, content = f"t{number}.target.example.", f"t{number}.target.example"
            case "MX":
                priority = random.choice((10, 20))
                rdata, content = f"{priority} mx{number}.example.", f"mx{number}.example"
            case "TXT":
                rdata = content = f'"v=check{number} all"'
            case "SRV":
                label, priority = f"_sip._tcp.{label}", 5
                rdata, content = f"5 10 5060 s{number}.example.", f"10 5060 s{number}.example"
            case _:
                kind, rdata = "CAA", f'0 issue "ca{number}.example"'
                content = rdata
        raw = WorldRecord(
            name=f"{label}.{zone}" if random.random() < 0.9 or kind in ("CNAME", "SRV") else zone,
            type=kind,
            ttl=random.choice(_TTLS),
            rdata=rdata,
            key=str(number),
            proxied=random.random() < 0.3,
            comment=random.choice(("", "", "asked for by the web team")),
        )
        return Value(raw, content, priority)


class Stage:
    """The sandbox's world: states put on stage one after the other, a day for each."""

    def __init__(self) -> None:
        self._days: list[date] = [_START]
        self._states: dict[date, State] = {_START: State()}

    def put(self, state: State) -> date:
        """The day on which this state is to be seen."""
        day = self._days[-1] + timedelta(days=1)
        self._days.append(day)
        self._states = {day: state} | {
            each: kept for each, kept in self._states.items() if (day - each).days < 4
        }
        return day

    def days(self) -> list[date]:
        return self._days

    def domains(self, day: date) -> list[WorldDomain]:
        return list(self._states[day].domains.values())

    def records(self, day: date, domain_name: str) -> list[WorldRecord]:
        return [value.raw for value in self._states[day].zones.get(domain_name, ())]
