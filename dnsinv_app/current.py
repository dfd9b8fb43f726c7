"""What Streamlit's scripts work with: they run in this process but are handed nothing.

The server says it once, before the first script runs.
"""

from dnsinv.actions.installation import Installation

_serving: list[Installation] = []


def serve(installation: Installation) -> None:
    """Have the pages of this process show that installation."""
    _serving[:] = [installation]


def installation() -> Installation:
    """What this process serves."""
    return _serving[0]
