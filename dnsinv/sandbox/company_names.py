"""The company's people and names: teams with role addresses, standing domains, campaigns."""

from dataclasses import dataclass
from datetime import date

from dnsinv.domain.names import canonical_name
from dnsinv.sandbox.draws import draw

SLOTS = 300
CAMPAIGN_SLOTS = 100

HOME = "nordhafen.example"
MAIL_HOME = "nordhafen-mail.example"


@dataclass(frozen=True, slots=True)
class Team:
    """Those who answer for domains, known by a role address."""

    name: str
    address: str


PLATFORM = Team("Platform", f"platform@{HOME}")
MAIL = Team("Mail", f"postmaster@{HOME}")
RETAIL = Team("Retail", f"retail-web@{HOME}")
MARKETING = Team("Marketing", f"campaigns@{HOME}")
SECURITY = Team("Security", f"security@{HOME}")
DOMAINS = Team("Domains", f"hostmaster@{HOME}")
TEAMS = (PLATFORM, MAIL, RETAIL, MARKETING, SECURITY, DOMAINS)

_OWN = (
    *("", "-mail", "-cdn", "-api", "-cloud", "-labs", "-id", "-pay", "-status", "-intern", "-dev"),
    *("-test", "-static", "-careers", "-press", "-academy", "-foundation", "-partner", "-group"),
    *("-logistics", "-wiki", "-security", "-events", "-investors"),
)
_INTERNATIONAL = (
    *("nordhäfen", "nordhafen-köln", "outlet-münchen", "shop-düsseldorf", "shop-malmö"),
    *("shop-århus", "fähre-kiel", "großmarkt-hamburg", "café-nordhafen", "küche-bremen"),
    *("möbel-lübeck", "schöner-wohnen-zürich", "北港", "северная-гавань", "livraison-été"),
)
_TRADES = (
    *("shop", "outlet", "service", "delivery", "repair", "rent", "jobs", "club", "events"),
    *("gifts", "garden", "kitchen"),
)
_CITIES = (
    *("hamburg", "bremen", "kiel", "luebeck", "rostock", "berlin", "leipzig", "dresden", "essen"),
    *("bonn", "mainz", "ulm", "graz", "wien", "basel", "bern", "oslo", "bergen", "aarhus"),
    *("odense", "malmo", "gent", "lille", "gdansk", "turku"),
)
_OCCASIONS = (
    *("spring-sale", "summer-sale", "autumn-fair", "winter-deals", "opening", "anniversary"),
    *("black-week", "harbour-days", "kids-festival", "design-award"),
)

_STANDING = [
    *(f"nordhafen{suffix}.example" for suffix in _OWN),
    *(canonical_name(f"{word}.example") for word in _INTERNATIONAL),
    *(f"{trade}-{city}.example" for city in _CITIES for trade in _TRADES),
][: SLOTS - CAMPAIGN_SLOTS]
OWN_NAMES = len(_OWN) + len(_INTERNATIONAL)  # the first slots: in use, never parked


def standing_name(slot: int) -> str:
    """The domain that fills one of the first 200 slots for good."""
    return _STANDING[slot]


def campaign_name(slot: int, bought_on: date) -> str:
    """The domain that fills one of the last 100 slots from the day it was bought."""
    row, column = divmod(slot - (SLOTS - CAMPAIGN_SLOTS), len(_OCCASIONS))
    city = _CITIES[2 * row + column % 2]
    return f"{_OCCASIONS[column]}-{city}-{bought_on.year}.example"


def team_of(domain_name: str) -> Team:
    """The team that answers for a domain, by its name."""
    if domain_name in (MAIL_HOME, HOME):
        return MAIL if domain_name == MAIL_HOME else PLATFORM
    if domain_name.startswith("nordhafen-security"):
        return SECURITY
    if domain_name.startswith("nordhafen"):
        return (PLATFORM, DOMAINS)[draw("team", domain_name) % 2]
    return MARKETING if domain_name[-12:-8].isdigit() else RETAIL
