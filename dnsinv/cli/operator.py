"""Who acts at the command line: whoever is signed in to this machine."""

import os
import pwd

from dnsinv.actions.acting import Actor


def operator() -> Actor:
    """The user of the process, by the name that the system has for it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container with a number of its own
        name = f"uid {os.getuid()}"
    return Actor(name, "cli")
