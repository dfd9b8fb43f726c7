"""Who acts at the command line: whoever is signed in to this machine."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation, open_installation


def operator() -> Actor:
    """The user of the process, by the name that the system has for it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container with a number of its own
        name = f"uid {os.getuid()}"
    return Actor(name, "cli")


@contextmanager
def at_work(config: Path | None) -> Iterator[tuple[Installation, Actor]]:
    """The installation and who acts upon it; it is closed in the end."""
    installation = open_installation(config)
    try:
        yield installation, operator()
    finally:
        installation.close()
