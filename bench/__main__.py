"""`python -m bench [LINE ...]`: every floor as a ratio against a bare reference, in one run."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import collecting, exporting, importing, publishing, reading, serving, starting
from bench.report import Line, show

LINES: dict[str, Callable[[Path], Iterator[Line]]] = {
    "start": starting.start,
    "publish": publishing.publish,
    "cloudflare": collecting.cloudflare,
    "godaddy": collecting.godaddy,
    "large": collecting.large,
    "importing": importing.importing,
    "reading": reading.reading,
    "exporting": exporting.exporting,
    "api": serving.serving,
}


def main() -> None:
    """Run the lines asked for, or all; exit 1 when a floor is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("lines", nargs="*", metavar="LINE", help=f"of {', '.join(LINES)}")
    names = parser.parse_args().lines or list(LINES)
    if unknown := [name for name in names if name not in LINES]:
        parser.error(f"no line {unknown[0]!r}; there are: {', '.join(LINES)}")
    with tempfile.TemporaryDirectory(prefix="dnsinv-bench-") as folder:
        is_sound = show(line for name in names for line in LINES[name](Path(folder)))
    sys.exit(not is_sound)


if __name__ == "__main__":
    main()
