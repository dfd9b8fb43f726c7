"""What a dataset is: its columns with their DuckDB types, and the order of its rows in a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, DuckDB type and what it holds."""

    name: str
    type: str
    doc: str


@dataclass(frozen=True, slots=True)
class Table:
    """One dataset: what a row is, its columns in order, and the order of its rows in a file."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def select(self) -> str:
        """The select list that gives exactly these columns with these types."""
        return ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in self.columns)

    def ordered(self, query: str) -> str:
        """Exactly these columns of a query, in the order of the file."""
        order = ", ".join(f'"{column}"' for column in self.order)
        return f"select {self.select()} from ({query}) order by {order}"

    def empty(self) -> str:
        """A query of no rows with these columns."""
        return (
            "select "
            + ", ".join(f'null::{c.type} as "{c.name}"' for c in self.columns)
            + " limit 0"
        )


def struct(columns: tuple[Column, ...]) -> str:
    """The DuckDB type of a struct with these fields."""
    return "struct(" + ", ".join(f'"{c.name}" {c.type}' for c in columns) + ")"
