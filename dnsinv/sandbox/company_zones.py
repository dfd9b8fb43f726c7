"""What the company keeps in a zone, and how it changes from day to day.

A value that changes does so at its own pace: its version is the number of periods since the
calendar began, and the version goes into the draw of the content.
"""

import base64
from collections.abc import Callable
from datetime import date

from dnsinv.sandbox.company_names import HOME, MAIL_HOME
from dnsinv.sandbox.draws import chance, draw, hex_id
from dnsinv.sandbox.presentation import quoted_text
from dnsinv.sandbox.world import Status, WorldDomain, WorldRecord

_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_PROXY_TYPES = ("A", "AAAA", "CNAME")
_HOSTS = (
    *("vpn", "git", "wiki", "chat", "erp", "crm", "hr", "sso", "proxy", "monitor", "backup"),
    *("build", "files", "print", "till", "stock", "maps", "pim", "media", "survey", "forum"),
)


def zone_records(domain: WorldDomain, day: date) -> list[WorldRecord]:
    """The records of one of the company's zones on one day; SOA is left to whoever hosts it."""
    zone = _Zone(domain, day)
    for place, host in enumerate(domain.nameservers):
        zone.add("", "NS", 3600, f"{host}.", key=str(place))
    if domain.status is Status.PARKED:
        zone.add("", "A", 600, zone.address("parking"))
        _refuse_mail(zone)
        return zone.records
    for part in (_site, _mail if zone.has(48, "mail") else _refuse_mail, _signed, _guests):
        part(zone)
    if extra := _SPECIAL_ZONES.get(domain.name):
        extra(zone)
    return zone.records


class _Zone:
    """Records under construction, and draws that belong to this zone."""

    def __init__(self, domain: WorldDomain, day: date) -> None:
        self.name = domain.name
        self.contact = domain.contact
        self.day = day
        self.records: list[WorldRecord] = []

    def add(self, label: str, kind: str, ttl: int | None, rdata: str, key: str = "0") -> None:
        self.records.append(
            WorldRecord(
                name=f"{label}.{self.name}" if label else self.name,
                type=kind,
                ttl=ttl,
                rdata=rdata,
                key=key,
                proxied=kind in _PROXY_TYPES and self.has(30, "proxied", label),
                comment=f"ask {self.contact}" if self.has(4, "comment", label, kind) else "",
            )
        )

    def add_text(self, label: str, text: str, key: str = "0", ttl: int | None = 3600) -> None:
        self.add(label, "TXT", ttl, quoted_text(text), key)

    def has(self, percent: float, *what: object) -> bool:
        return chance(percent, self.name, *what)

    def version(self, what: str) -> int:
        """How often this content has changed so far; most never do."""
        if not self.has(14, "lively", what):
            return 0
        drawn = draw(self.name, "period", what)
        return (self.day.toordinal() + drawn % 1_000) // (25 + drawn % 60)

    def ttl(self, what: str) -> int:
        return (600, 3600, 3600, 86_400)[
            draw(self.name, "ttl", what, self.version(f"ttl {what}")) % 4
        ]

    def address(self, what: str) -> str:
        drawn = draw(self.name, what, self.version(what))
        return f"{_NETWORKS[drawn % 3]}.{drawn // 3 % 253 + 1}"

    def address_6(self, what: str) -> str:
        drawn = draw(self.name, "v6", what, self.version(f"v6 {what}"))
        return f"2001:db8:{drawn % 0xFFFF:x}::{drawn // 0xFFFF % 0xFFF + 1:x}"

    def octets(self, what: str, count: int) -> bytes:
        version = self.version(what)
        parts = (hex_id(self.name, what, version, part) for part in range(count // 16 + 1))
        return bytes.fromhex("".join(parts))[:count]


def _site(zone: _Zone) -> None:
    zone.add("", "A", zone.ttl("a"), zone.address("a"), key="first")
    if zone.has(25, "second address"):
        zone.add("", "A", zone.ttl("a"), zone.address("a2"), key="second")
    if zone.has(45, "v6"):
        zone.add("", "AAAA", zone.ttl("a"), zone.address_6("a"))
    if zone.has(75, "www alias"):
        zone.add("www", "CNAME", 3600, f"{zone.name}.")
    else:
        zone.add("www", "A", zone.ttl("www"), zone.address("www"))
    if zone.has(30, "caa"):
        zone.add("", "CAA", 3600, '0 issue "pki.example"', key="issue")
        zone.add("", "CAA", 3600, f'0 iodef "mailto:{zone.contact}"', key="iodef")
    if zone.has(30, "verified"):
        zone.add_text("", f"site-verification={zone.octets('site', 16).hex()}", key="site")
    if zone.has(8, "wildcard"):
        zone.add("*", "A", 600, zone.address("wildcard"))
    if zone.has(7, "https"):
        zone.add("", "HTTPS", 3600, '1 . alpn="h3,h2"')
    for label in ("shop", "img", "api", "preview"):
        if zone.has(7, label):
            zone.add(
                label, "CNAME", None, f"edge-{draw(zone.name, label) % 9}.nordhafen-cdn.example."
            )


def _mail(zone: _Zone) -> None:
    for priority, host in ((10, "mx1"), (20, "mx2")):
        zone.add("", "MX", 3600, f"{priority} {host}.{MAIL_HOME}.", key=host)
    sender = f" ip4:{zone.address('sender')}" if zone.has(30, "sender") else ""
    zone.add_text("", f"v=spf1 include:_spf.{MAIL_HOME}{sender} -all", key="spf")
    policy = ("none", "quarantine", "reject")[draw(zone.name, zone.version("dmarc")) % 3]
    zone.add_text("_dmarc", f"v=DMARC1; p={policy}; rua=mailto:dmarc@nordhafen.example")
    if zone.has(50, "own key"):
        zone.add_text("s1._domainkey", f"v=DKIM1; k=rsa; p={_public_key(zone, 'dkim')}")
    else:
        zone.add("s1._domainkey", "CNAME", 3600, f"s1._domainkey.{MAIL_HOME}.")
    if zone.has(30, "autodiscover"):
        zone.add("autodiscover", "CNAME", 3600, f"autodiscover.{MAIL_HOME}.")
        zone.add("_autodiscover._tcp", "SRV", 3600, f"0 5 443 autodiscover.{MAIL_HOME}.")
    if zone.has(15, "mta-sts"):
        zone.add("mta-sts", "CNAME", 3600, f"mta-sts.{MAIL_HOME}.")
        zone.add_text("_mta-sts", f"v=STSv1; id={zone.version('sts'):08}")


def _refuse_mail(zone: _Zone) -> None:
    zone.add("", "MX", 3600, "0 .")
    zone.add_text("", "v=spf1 -all", key="spf")
    zone.add_text("_dmarc", "v=DMARC1; p=reject; rua=mailto:dmarc@nordhafen.example")
    if zone.has(25, "no keys"):
        zone.add_text("*._domainkey", "v=DKIM1; p=")


def _signed(zone: _Zone) -> None:
    if not zone.has(9, "signed"):
        return
    key = base64.b64encode(zone.octets("zone key", 64)).decode()
    zone.add("", "DNSKEY", 3600, f"257 3 13 {key}")
    for place in (1, 2):
        zone.add("lab", "NS", 3600, f"ns{place}.nordhafen-labs.example.", key=str(place))
    digest = zone.octets("digest", 32).hex().upper()
    zone.add("lab", "DS", 3600, f"{draw(digest) % 65_536} 13 2 {digest}")


def _guests(zone: _Zone) -> None:
    """Records that come for some days and go again: certificates being issued, trials."""
    if not zone.has(35, "guests"):
        return
    drawn = draw(zone.name, "guests")
    visit, phase = divmod(zone.day.toordinal() + drawn % 1_000, 20 + drawn % 50)
    if phase > 2 + drawn % 9:
        return
    if drawn % 2:
        zone.add_text("_acme-challenge", hex_id(zone.name, visit), key=str(visit), ttl=600)
    else:
        zone.add(f"trial-{visit % 1_000}", "A", 600, f"{_NETWORKS[visit % 3]}.{visit % 253 + 1}")


def _headquarters(zone: _Zone) -> None:
    for host in _HOSTS:
        zone.add(host, "A", zone.ttl(host), zone.address(host))
        if zone.has(40, "v6", host):
            zone.add(host, "AAAA", zone.ttl(host), zone.address_6(host))
    zone.add("_sip._tls", "SRV", 3600, f"10 5 5061 sip.{HOME}.")
    zone.add("_xmpp-server._tcp", "SRV", 3600, f"5 0 5269 chat.{HOME}.")
    zone.add("sip", "NAPTR", 3600, f'100 10 "S" "SIP+D2T" "" _sip._tls.{HOME}.')
    zone.add("lager", "LOC", 3600, "53 32 42.000 N 9 58 30.000 E 6.00m 1.00m 10000.00m 10.00m")


def _post_office(zone: _Zone) -> None:
    for host in ("mx1", "mx2", "autodiscover", "mta-sts", "relay"):
        zone.add(host, "A", 3600, zone.address(host))
        zone.add(host, "AAAA", 3600, zone.address_6(host))
    zone.add_text("_spf", "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/25 ip6:2001:db8::/32 ~all")
    zone.add("_25._tcp.mx1", "TLSA", 3600, f"3 1 1 {zone.octets('certificate', 32).hex()}")
    # The selectors of the domains without a key of their own lead here.
    zone.add_text("s1._domainkey", f"v=DKIM1; k=rsa; p={_public_key(zone, 'shared')}", key="shared")


def _laboratory(zone: _Zone) -> None:
    for place in (1, 2):
        zone.add(f"ns{place}", "A", 3600, zone.address(f"ns{place}"))
    zone.add("bastion", "SSHFP", 3600, f"4 2 {zone.octets('ssh', 32).hex()}")
    zone.add("_ftp._tcp", "URI", 3600, '10 1 "ftp://files.nordhafen-labs.example/public"')
    zone.add("svc", "SVCB", 3600, '1 svc-1.nordhafen-labs.example. alpn="h2" port="8443"')
    zone.add("7.2.0.192", "PTR", 3600, "bastion.nordhafen-labs.example.")
    zone.add_text("notes", 'quotes " and \\ backslashes; ünd Umlaute', key="odd")
    zone.add_text("blank", " ")


def _edges(zone: _Zone) -> None:
    for place in range(9):
        zone.add(f"edge-{place}", "A", 600, zone.address(f"edge-{place}"))
        zone.add(f"edge-{place}", "AAAA", 600, zone.address_6(f"edge-{place}"))


def _public_key(zone: _Zone, what: str) -> str:
    """As long as an RSA key of 2,048 bits, so that the text needs two chunks; no key at all."""
    return base64.b64encode(b"0\x82\x01\x22" + zone.octets(what, 290)).decode()


_SPECIAL_ZONES: dict[str, Callable[[_Zone], None]] = {
    HOME: _headquarters,
    MAIL_HOME: _post_office,
    "nordhafen-labs.example": _laboratory,
    "nordhafen-cdn.example": _edges,
}
