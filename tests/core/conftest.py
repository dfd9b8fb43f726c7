"""Fixtures that several core tests share."""

from tests.core.stores import database_url, installation, postgres, postgres_server

__all__ = ["database_url", "installation", "postgres", "postgres_server"]
