"""The /export routes: whole lists as files, streamed, with the filters of the lists."""

from fastapi import FastAPI

from dnsinv.actions.installation import Installation
from dnsinv.actions.reading import Reader
from dnsinv_app.api.app import bare_app, seal


def create_export(installation: Installation, reader: Reader) -> FastAPI:
    """The exports of one installation, to be mounted at /export."""
    app = bare_app(installation, reader)
    seal(app)
    return app
