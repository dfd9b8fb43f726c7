"""What assets, checks and sensors are given: the installation, and errors told in its own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv.errors import DnsinvError

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation


class InstallationResource(dg.ConfigurableResource["InstallationResource"]):
    """Settings, accounts, lake and store, read anew by every run and sensor tick.

    So a credential that was exchanged, or an account that was added, counts from the next run on.
    """

    @contextmanager
    def open(self) -> Iterator["Installation"]:
        """The installation; what it raises ends the step with its sentence and without a traceback.

        Raises:
            dagster.Failure: any DnsinvError inside.
        """
        from dnsinv.actions.installation import open_installation

        try:
            installation = open_installation()
            try:
                yield installation
            finally:
                installation.close()
        except DnsinvError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
