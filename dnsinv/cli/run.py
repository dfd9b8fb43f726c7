"""`dnsinv up`, `demo` and `sandbox`: what runs until it is stopped."""

from datetime import UTC, datetime
from pathlib import Path

import click

from dnsinv.sandbox.server import serve


@click.command(
    epilog="Example: dnsinv sandbox --world company --provider both --config sandbox.toml"
)
@click.option(
    "--world",
    default="company",
    show_default=True,
    help="company, synthetic:ZONESxRECORDS or a folder of files.",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day of the world to serve; its last one otherwise.",
)
@click.option(
    "--provider",
    type=click.Choice(["godaddy", "cloudflare", "both"]),
    default="both",
    show_default=True,
)
@click.option("--rate", help="Requests allowed per second or REQUESTS/SECONDS, then 429.")
@click.option(
    "--latency", type=click.FloatRange(min=0), default=0, help="Milliseconds before each answer."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    help="KIND[@PAGES][:ZONE][#PAGE][*TIMES]; may be repeated (docs/providers.md).",
)
@click.option("--config", "path", type=click.Path(path_type=Path), help="Account file to write.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option(
    "--godaddy",
    "godaddy_version",
    type=click.Choice(["1", "3"]),
    default="3",
    show_default=True,
    help="API version of the GoDaddy account written.",
)
def sandbox(
    world: str,
    day: datetime | None,
    provider: str,
    rate: str | None,
    latency: float,
    faults: tuple[str, ...],
    path: Path | None,
    port: int,
    godaddy_version: str,
) -> None:
    """Serve local stand-ins for the GoDaddy and Cloudflare APIs until stopped."""
    if day is None and world.partition(":")[0] in ("company", "synthetic"):
        day = datetime.now(UTC)
    serve(
        world,
        day.date() if day else None,
        rate,
        latency,
        faults,
        provider,
        path,
        port,
        godaddy_version=int(godaddy_version),
        echo=click.echo,
    )
