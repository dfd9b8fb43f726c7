"""The table that `python -m bench` prints."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    """One measured thing beside a bare reference, and the floor that it must keep.

    `ratio` is ours by reference; `is_kept` None where there is no floor, for information only.
    """

    what: str
    ours: str
    reference: str
    ratio: float | None
    floor: str
    is_kept: bool | None
    peak_mb: float | None = None


def show(lines: Iterable[Line]) -> bool:
    """Print the lines as they come; whether every floor is kept."""
    console = Console(width=max(Console().width, 170))
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("what", "ours", "bare reference", "ratio", "floor", "", "peak memory"):
        table.add_column(heading, justify="left" if heading in ("what", "") else "right")
    is_sound = True
    for line in lines:
        console.print(f"[dim]{line.what}: {line.ours}[/dim]")
        table.add_row(
            line.what,
            line.ours,
            line.reference,
            "" if line.ratio is None else f"{line.ratio:.2f}",
            line.floor,
            {True: "kept", False: "MISSED", None: ""}[line.is_kept],
            "" if line.peak_mb is None else f"{line.peak_mb:,.0f} MB",
        )
        is_sound = is_sound and line.is_kept is not False
    console.print(table)
    return is_sound
