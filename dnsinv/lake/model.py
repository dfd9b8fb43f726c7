"""Opened read models: the newest one is switched to when it is published, whoever is reading.

All live in one DuckDB in memory, each attached under a name of its own, beside the tables of what
people decided.
"""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from dnsinv.errors import LakeError
from dnsinv.lake.choices import CURRENT, Choice
from dnsinv.lake.lake import Lake, literal, sql
from dnsinv.lake.people import add_people
from dnsinv.lake.positions import Positions
from dnsinv.lake.readmodel import LISTS, POINTER, build_read_model, read_model, rows_path
from dnsinv.lake.rows import RowFile
from dnsinv.lake.texts import SHORTEST, Texts

MEMORY = "128MB"  # of DuckDB while it searches and sorts; what it reads is cached in it


class Model:
    """One version of the read model, open."""

    def __init__(self, database: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.version = path.stem.removeprefix("read-")
        self.readers = 0
        self.is_current = True
        self._database = database
        self._texts: Texts | None = None
        self._reading_texts = threading.Lock()
        self._name = f"model_{self.version}"
        self._opened = ExitStack()
        with ExitStack() as opened:  # all of it, or nothing
            opened.callback(self._opened.close)
            self.rows = {table.name: self._file(path, table.name) for table in LISTS}
            database.execute(f'attach {literal(path)} as "{self._name}" (read_only)')
            self._opened.callback(database.execute, f'detach "{self._name}"')
            with self.cursor() as con:
                current = con.execute(f"select count(*) from domains where {CURRENT}").fetchall()
            opened.pop_all()
        self.sizes = {name: file.count for name, file in self.rows.items()}
        self.sizes["domains"] = current[0][0]  # the others come behind them

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one's own whose tables are this version's."""
        with self._database.cursor() as con:
            con.execute(f'use "{self._name}"')
            con.execute("set timezone = 'UTC'")
            yield con

    def searched(self, text: str) -> Positions | None:
        """Where domains have a text in their names; None where that is better asked of DuckDB."""
        needle = text.lower().encode()
        if not text.isascii():  # DuckDB has rules of its own, by which the names were written
            with self.cursor() as con:
                needle = str(con.execute("select lower($1)", [text]).fetchall()[0][0]).encode()
        if len(needle) < SHORTEST or b"\n" in needle:
            return None
        with self._reading_texts:
            if self._texts is None:
                with self.cursor() as con:
                    self._texts = Texts(con, "domains")
        return self._texts.find(needle)

    def positions(self, chosen: Choice) -> Positions:
        """Where the rows of a choice stand, in its order."""
        query = chosen.query("rowid::integer as pos")
        with self.cursor() as con:
            found = con.execute(query, chosen.parameters or None).fetchnumpy()["pos"]
        return np.asarray(found, np.int32)

    def values(self, chosen: Choice, columns: str) -> list[tuple[Any, ...]]:
        """Columns of all rows of a choice, in its order."""
        with self.cursor() as con:
            return con.execute(chosen.query(columns), chosen.parameters or None).fetchall()

    def position_of(self, name: str) -> int | None:
        """Where a domain stands, current or removed."""
        query = "select rowid from domains where name = $name"
        with self.cursor() as con:
            found = con.execute(query, {"name": name}).fetchall()
        return found[0][0] if found else None

    def zones_of(self, domain: str) -> list[str]:
        """The names of a domain's zones, those of subdomains included."""
        with self.cursor() as con:
            rows = con.execute(
                "select distinct name from zones where domain = $domain", {"domain": domain}
            ).fetchall()
        return [name for (name,) in rows]

    def told(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of one of the queries in sql/, each by the names of its columns."""
        with self.cursor() as con:
            found = con.execute(sql(name), values or None)
            columns = [each[0] for each in found.description]
            return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def close(self) -> None:
        self._opened.close()

    def _file(self, path: Path, name: str) -> RowFile:
        return self._opened.enter_context(closing(RowFile(rows_path(path, name))))


class Models:
    """The newest read model of a lake, opened when asked for and again when there is a newer."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._pointer = lake.layout.cache / POINTER
        self._seen: tuple[int, int] | None = None
        self._model: Model | None = None
        self.database = lake.open(MEMORY)
        self.database.execute("set preserve_insertion_order = true")
        add_people(self.database)

    @contextmanager
    def newest(self) -> Iterator[Model]:
        """The newest version; it stays open until the last who uses it is done.

        Raises:
            LakeError: there is none yet, or it cannot be read.
        """
        with self._lock:
            model = self._opened()
            model.readers += 1
        try:
            yield model
        finally:
            with self._lock:
                model.readers -= 1
                self._close_if_done(model)

    def look(self) -> tuple[int, int] | None:
        """Another value after a read model was published; None where there is none yet."""
        with contextlib.suppress(OSError):
            state = self._pointer.stat()
            return state.st_mtime_ns, state.st_ino
        return None

    def close(self) -> None:
        with self._lock:
            if self._model is not None:
                self._model.is_current = False
                self._close_if_done(self._model)
                self._model = None
            self.database.close()

    def _opened(self) -> Model:
        seen = self.look()
        if self._model is None or seen != self._seen:
            path = read_model(self._lake) or self._first()
            if self._model is None or self._model.version != path.stem.removeprefix("read-"):
                self._switch(path)
            self._seen = seen
        assert self._model is not None
        return self._model

    def _first(self) -> Path:
        """An empty read model where nothing was collected yet."""
        if self._lake.layout.current("domains").exists():
            raise LakeError("There is no read model; the next collection makes it again.")
        return build_read_model(self._lake)

    def _switch(self, path: Path) -> None:
        try:
            model = Model(self.database, path)
        except (OSError, duckdb.Error) as error:
            raise LakeError(f"The read model {path.name} cannot be opened: {error}.") from error
        before, self._model = self._model, model
        if before is not None:
            before.is_current = False
            self._close_if_done(before)

    def _close_if_done(self, model: Model) -> None:
        if not model.is_current and not model.readers:
            model.close()
