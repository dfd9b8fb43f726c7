"""The documents that are shown at /docs, where they came along."""

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "docs"


def documents() -> dict[str, Path]:
    """Their files by name, in order of name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.md"))}
