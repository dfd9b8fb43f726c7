"""How analyses, trials and migrations are printed."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from dnsinv.cli.output import plain_console

SHOWN = 60  # characters of a value
FIELDS, SAMPLES = 40, 5


def show_progress(told: Mapping[str, Any]) -> None:
    """What became of a migration, or how far it is."""
    console = plain_console()
    state = "undone" if told["is_undone"] else told["state"]
    facts = {
        "migration": told["job_id"],
        "file": told["name"],
        "source": told["source"],
        "state": state,
        "message": told["message"],
        "template": f"{told['template']}, duplicates: {told['duplicate_strategy']}",
        "owners": ", ".join(told["owners"]),
        "items": _items(told),
        "batches": f"{told['committed_batches']:,} of {told['batches']:,} committed",
        "rows": f"{told['committed_rows']:,} of {told['rows']:,} ({told['percent']:g} %)",
        "outcomes": _counts(told["committed"] if told["committed_rows"] else told["planned"]),
        "rows per second": _number(told["rows_per_second"]),
        "seconds left": _number(told["eta_seconds"]),
        "restore point": told["restore_point"],
        "Dagster": told["links"].get("dagster", ""),
    }
    _facts(console, facts)
    for provider, counts in (told.get("kept") or {}).items():
        what = ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
        console.print(f"kept: observed at {provider}: {what}", highlight=False)
    for kind, number in (told.get("overtaken") or {}).items():
        console.print(
            f"overtaken: {number:,} {kind} came meanwhile with an earlier migration, "
            "which counts first",
            highlight=False,
        )
    for each in told.get("last_errors") or ():
        console.print(f"  {_fault(each)}", highlight=False)
    if told.get("errors", 0) > len(told.get("last_errors") or ()):
        console.print(f"all {told['errors']:,}: dnsinv migration errors {told['job_id']}")


def show_jobs(found: Iterable[Mapping[str, Any]]) -> None:
    """A line for each migration."""
    table = Table(box=None, header_style="bold")
    for heading in ("id", "state", "file", "rows", "invalid", "batches", "by", "created"):
        right = heading in ("rows", "invalid", "batches")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading == "id")
    for each in found:
        table.add_row(
            each["job_id"],
            "undone" if each["is_undone"] else each["state"],
            escape(each["name"]),
            f"{each['committed_rows']:,}",
            f"{each['invalid']:,}",
            f"{each['committed_batches']:,}/{each['batches']:,}",
            escape(each["created_by"]),
            f"{each['created_at']:%Y-%m-%d %H:%M}",
        )
    plain_console().print(table)


def show_errors(found: Iterable[Mapping[str, Any]]) -> None:
    """A line for each error."""
    table = Table(box=None, header_style="bold")
    columns = ("item", "line", "field", "value", "code", "reason")
    for heading in columns:
        table.add_column(heading, justify="right" if heading in columns[:2] else "left")
    for each in found:
        kind = f"{each['code']} (warning)" if each["is_warning"] else each["code"]
        table.add_row(
            f"{each['item']}",
            f"{each['line'] or ''}",
            *(escape(text[:SHOWN]) for text in (each["field"], each["value"], kind)),
            escape(each["reason"]),
        )
    plain_console().print(table)


def show_analysis(found: Mapping[str, Any]) -> None:
    """What a file holds, and which template fits it."""
    console = plain_console()
    suggestion = found["suggestion"]
    template = suggestion["template"]
    sure = f"confidence {suggestion['confidence']:.2f}"
    _facts(
        console,
        {
            "file": f"{found['name']}, {found['size']:,} bytes",
            "format": " ".join(filter(None, (found["format"], found["compression"]))),
            "encoding": found["encoding"] + (" with a mark" if found["has_mark"] else ""),
            "items": f"{found['items']:,}",
            "template": f"{template['name']} ({template['id']}), {sure}",
            "why": suggestion["reason"],
        },
    )
    table = Table(box=None, header_style="bold")
    for heading in ("field", "types", "filled", "samples"):
        table.add_column(heading, justify="right" if heading == "filled" else "left")
    for field in found["fields"][:FIELDS]:
        table.add_row(*_field(field))
    console.print(table)
    if len(found["fields"]) > FIELDS:
        console.print(f"and {len(found['fields']) - FIELDS:,} fields more: --json shows all")
    for guess in suggestion["mapping"]:
        taken = f"{guess['column']} <- {guess['path'] or '(constant)'}"
        text = f"{taken} ({guess['confidence']:.2f}): {guess['reason']}"
        console.print(text, markup=False, highlight=False)
    for question in suggestion["questions"]:
        console.print(f"Please check: {question}", markup=False, highlight=False)
    for problem in found["problems"]:
        kind = "warning" if problem["is_warning"] else "error"
        first = problem["examples"][0]
        console.print(
            f"{kind} {problem['code']}: {problem['count']:,} items, the first in item "
            f"{first['item']}, line {first['line']}: {first['reason']}",
            markup=False,
            highlight=False,
        )


def show_trial(found: Mapping[str, Any]) -> None:
    """What an import would come to, with samples beside their source."""
    console = plain_console()
    _facts(
        console,
        {
            "template": found["template"]["name"],
            "duplicates": found["options"]["duplicates"],
            "items": _items(found),
            "rows": _counts(found["rows"]),
        },
    )
    for change in found["changes"]:
        console.print(change["text"], markup=False, highlight=False)
    for sample in found["samples"][:SAMPLES]:
        console.print(f"item {sample['item']}, line {sample['line']}", style="bold")
        console.print(f"  {sample['source'][:400]}", markup=False, highlight=False)
        for kind in ("domains", "records"):
            for row in sample[kind]:
                shown = {k: v for k, v in row.items() if k not in ("outcome", "existed")}
                came = row.get("outcome", "")
                text = ", ".join(f"{name}={_plain(value)}" for name, value in shown.items())
                console.print(f"  -> {came} {kind[:-1]}: {text}", markup=False, highlight=False)
        for fault in (*sample["errors"], *sample["warnings"]):
            console.print(f"  !! {fault['code']}: {fault['reason']}", markup=False, highlight=False)
    for each in found["errors"]:
        console.print(f"  {_fault(each)}", highlight=False)
    console.print("Nothing was written.")


def _facts(console: Any, facts: Mapping[str, str]) -> None:
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            table.add_row(name, escape(value))
    console.print(table)


def _items(told: Mapping[str, Any]) -> str:
    return f"{told['items']:,}, {told['invalid']:,} refused, {told['warnings']:,} warnings"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number) or "none"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _fault(each: Mapping[str, Any]) -> str:
    line = f", line {each['line']}" if each["line"] else ""
    field = f" {each['field']}={each['value'][:SHOWN]!r}" if each["field"] else ""
    kind = "warning" if each["is_warning"] else "error"
    return escape(f"{kind} in item {each['item']}{line}{field}: {each['reason']}")


def _field(field: Mapping[str, Any]) -> tuple[str, ...]:
    types = ", ".join(f"{name} {count:,}" for name, count in field["types"].items())
    samples = ", ".join(_plain(each) for each in field["samples"][:SAMPLES])
    cells = (str(field["path"]), types, f"{field['fill_rate']:.0%}", samples)
    return tuple(map(escape, cells))


def _plain(value: Any) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
