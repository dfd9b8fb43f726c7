"""`dnsinv up`, `demo` and `sandbox`: what runs until it is stopped."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from dnsinv.actions.demo import demo_sign_in, demo_world, missing_days, replay
from dnsinv.actions.demo_people import people_of_the_company
from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.actions.passwords import first_administrator
from dnsinv.errors import Conflict
from dnsinv.sandbox.server import serve
from dnsinv.services.service import check_ports
from dnsinv.services.signals import stop_on_signals
from dnsinv.services.standard import standard_services
from dnsinv.services.supervisor import run_services
from dnsinv.settings import Settings, load_settings


@click.command(epilog="Example: SERVER_PORT=8081 dnsinv up")
@click.option("--reload", is_flag=True, help="Start services anew when the code changes.")
@click.pass_obj
def up(config: Path | None, *, reload: bool) -> None:
    """Run every service until stopped (Ctrl-C or SIGTERM); one that dies is started again.

    Stopping leaves a running collection resumable.
    """
    settings = load_settings(config)
    installation = open_with(settings)  # a wrong setting or store says so here, not in a log
    try:
        sign_in = _sign_in(installation)
    finally:
        installation.close()
    with stop_on_signals() as stopping:
        run_services(
            settings,
            standard_services(settings),
            stopping=stopping,
            echo=click.echo,
            ready=lambda: _say_where(settings, "", sign_in),
            reload=reload,
        )


@click.command(epilog="Example: DB_PATH=./data-demo dnsinv demo")
@click.pass_context
def demo(ctx: click.Context) -> None:
    """A believable company on local stand-ins of the providers: a month of history, every service.

    The first run replays thirty days; later ones start in seconds.
    """
    settings, today = load_settings(ctx.obj), now().date()
    services = standard_services(settings)
    check_ports(services)
    with demo_world(settings, today) as (sandbox, ours), stop_on_signals() as stopping:
        installation = open_with(ours)
        try:
            days = missing_days(installation, today)
            if days:
                click.echo(f"Collecting {len(days)} days of a made-up company, day by day.")
            with _days_bar(len(days)) as bar:
                task = bar.add_task("Replaying a month of collections", total=len(days))
                replay(installation, sandbox, days, lambda _day: bar.advance(task), stopping)
            sign_in = demo_sign_in(installation)
            people_of_the_company(installation)
        finally:
            installation.close()
        run_services(
            ours,
            standard_services(ours),
            stopping=stopping,
            echo=click.echo,
            ready=lambda: _say_where(ours, " of the made-up company Nordhafen", sign_in),
        )


def _days_bar(days: int) -> Progress:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
    )
    return Progress(*columns, console=console, disable=not days or not console.is_terminal)


def _sign_in(installation: Installation) -> str:
    """How to sign in, in words; a new password is in them this once."""
    try:
        made = first_administrator(installation)
    except Conflict as error:
        return str(error)
    if made is None:
        return "as before; a forgotten password: dnsinv user password NAME"
    return f"{made.name} / {made.password or 'ADMIN_PASSWORD'}"


def _say_where(settings: Settings, whose: str, sign_in: str) -> None:
    click.echo(
        f"\nThe inventory{whose} is up.\n"
        f"  address     {settings.address}\n"
        f"  sign-in     {sign_in}\n"
        f"  Dagster     {settings.dagster_address}\n"
        '  SQL         dnsinv sql "select status, count(*) from domains group by 1"\n'
        "Ctrl-C stops everything.\n"
    )


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
