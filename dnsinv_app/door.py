"""The parts of the one safe door, made once for an installation and put around its app."""

from dataclasses import dataclass

from starlette.types import ASGIApp

from dnsinv.actions.installation import Installation
from dnsinv_app.cookies import Cookies
from dnsinv_app.credentials import Credentials
from dnsinv_app.gate import Gate
from dnsinv_app.headers import Guarded
from dnsinv_app.origins import Origins
from dnsinv_app.request_log import Logged
from dnsinv_app.sockets import LiveSockets


@dataclass(frozen=True, slots=True)
class Door:
    """What gate and sign-in pages share."""

    installation: Installation
    origins: Origins
    cookies: Cookies
    credentials: Credentials
    sockets: LiveSockets

    def guard(self, app: ASGIApp) -> ASGIApp:
        """The app behind an id for each request, the headers and the gate."""
        gate = Gate(app, self.origins, self.cookies, self.credentials, self.sockets)
        return Logged(Guarded(gate, self.origins))


def make_door(installation: Installation) -> Door:
    """The door of an installation.

    Raises:
        StoreError: the secret that signs its cookies cannot be read or made.
    """
    credentials = Credentials(installation)
    return Door(
        installation,
        Origins(installation.settings),
        Cookies(installation.settings),
        credentials,
        LiveSockets(credentials),
    )
