"""What Streamlit's scripts work with: they run in this process but are handed nothing.

The server says it once, before the first script runs.
"""

from dnsinv.actions.installation import Installation
from dnsinv.actions.reading import Reader

_serving: list[tuple[Installation, Reader]] = []


def serve(installation: Installation, reader: Reader) -> None:
    """Have the pages of this process show that installation, read through that reader."""
    _serving[:] = [(installation, reader)]


def installation() -> Installation:
    """What this process serves."""
    return _serving[0][0]


def reader() -> Reader:
    """What its lists are read with."""
    return _serving[0][1]
