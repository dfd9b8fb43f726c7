"""How commands print tables."""

from rich.console import Console

WIDE = 200  # characters in a file or pipe, where nothing wraps or is cut


def plain_console() -> Console:
    """A console on stdout that cuts nothing where there is no terminal to be narrow."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)
