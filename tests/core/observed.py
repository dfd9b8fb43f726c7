"""An installation whose accounts were observed: domains and records without HTTP."""

from collections.abc import Mapping, Sequence

from dnsinv.actions.collect import derive
from dnsinv.actions.installation import Installation
from dnsinv.collection.engine import Engine, Job
from dnsinv.domain.records import Record
from tests.core.scripted import Clock, Scripted, a_record


class Observed:
    """Observes accounts into an installation, an hour after the last time, and derives."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.clock = Clock()
        self.accounts: dict[str, Scripted] = {}

    def observe(
        self,
        zones: Mapping[str, Sequence[Record]],
        account: str = "gd-1",
        provider: str = "godaddy",
    ) -> None:
        """The account now has these zones."""
        self.see(zones, account, provider)
        derive(self.installation)

    def see(
        self,
        zones: Mapping[str, Sequence[Record]],
        account: str = "gd-1",
        provider: str = "godaddy",
    ) -> None:
        """The same without deriving."""
        scripted = self.accounts.setdefault(account, Scripted({}, provider))
        scripted.zones = {name: list(records) for name, records in zones.items()}
        self.clock.forward(hours=1)
        engine = Engine(self.installation.lake, self.installation.store, self.clock)
        engine.collect(Job(provider, account), scripted)

    def observe_names(self, *names: str, account: str = "gd-1") -> None:
        """The account now has these domains, with one record each."""
        self.observe({name: [a_record(name, "www", "192.0.2.1")] for name in names}, account)
