"""The REST API: one FastAPI app that the server mounts at /api, with the description of all."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI

from dnsinv.actions.installation import Installation
from dnsinv.actions.reading import Reader
from dnsinv.actions.relisting import Relisting
from dnsinv_app.api import (
    assigning,
    audit,
    backups,
    changes,
    collections,
    described,
    domain,
    domains,
    groups,
    health,
    me,
    migration_events,
    migration_files,
    migration_templates,
    migrations,
    records,
    rules,
    settings,
    stats,
    tokens,
    users,
    workload,
)
from dnsinv_app.api.answers import Kept
from dnsinv_app.api.asking import operations, well_formed
from dnsinv_app.api.errors import Problem, answer_errors
from dnsinv_app.api.limits import LARGEST_BODY, Limited
from dnsinv_app.api.streams import Places

ROUTERS = (
    domains.router,
    domain.router,
    records.router,
    assigning.router,
    users.router,
    groups.router,
    workload.router,
    rules.router,
    tokens.router,
    audit.router,
    me.router,
    stats.router,
    changes.router,
    collections.router,
    health.router,
    settings.router,
    backups.router,
    migrations.router,
    migration_events.router,
    migration_files.router,
    migration_templates.router,
)

TAKE_FILES = (
    "/migration",
    "/migration/uploads",
    "/migration/analyze",
    "/migration/preview",
)
MOST_LOOKS = 3  # at once; each reads a whole file, or waits for its client

ALWAYS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not UTF-8, or not JSON"},
    401: {"model": Problem, "description": "Nobody is signed in, or the token is not valid"},
    403: {"model": Problem, "description": "The role or the token's scope does not allow it"},
    422: {"model": Problem, "description": "A parameter or field is wrong; the message says which"},
    503: {"model": Problem, "description": "Store, lake or Dagster cannot be reached now"},
}


def create_api(installation: Installation, reader: Reader, export: FastAPI) -> FastAPI:
    """The API of one installation; requests carry the actor that the gate let in.

    Args:
        export: the app mounted at /export, to describe both in one document.
    """
    largest = installation.settings.largest_file + LARGEST_BODY  # with what is around it in a form
    app = bare_app(installation, reader, dict.fromkeys(TAKE_FILES, largest))
    app.state.relisting = Relisting(installation)
    app.state.places = Places(MOST_LOOKS, "analyses, previews and error reports")
    app.state.streams = Places(migration_events.MOST_STREAMS, "streams of events")
    for router in ROUTERS:
        app.include_router(router)
    seal(app)
    described.add_page(app, {"/api": app, "/export": export})
    return app


def seal(app: FastAPI) -> None:
    """Hold requests to the routes that the app has now."""
    app.state.operations = operations(app)
    app.state.literal = {path for path, _ in app.state.operations if "{" not in path}


def bare_app(
    installation: Installation, reader: Reader, for_files: Mapping[str, int] | None = None
) -> FastAPI:
    """An app without routes, strict about what is asked and with our answers to what goes wrong.

    Args:
        for_files: how large a body may be, by the paths that take files.
    """
    app = FastAPI(
        title=described.TITLE,
        version=version("dnsinv"),
        openapi_url=None,  # served by described.add_page
        redirect_slashes=False,  # /api/domains/ is no address
        dependencies=[Depends(well_formed)],
        responses=ALWAYS,
        generate_unique_id_function=lambda route: route.name,
    )
    app.add_middleware(Limited, for_files=for_files)
    app.state.installation, app.state.reader = installation, reader
    app.state.kept, app.state.turns = Kept(), CapacityLimiter(reader.pages_at_once)
    answer_errors(app)
    described.describe(app)
    return app
