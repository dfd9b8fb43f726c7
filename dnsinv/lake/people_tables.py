"""The columns of what people decided: from the store, at the moment of reading; in no file of the lake."""

from dnsinv.lake.columns import INSTANT
from dnsinv.lake.table import Column, Table

_OWNERS = (
    Column("owners", "varchar[]", "Users that own it, by name."),
    Column("groups", "varchar[]", "Groups that own it."),
)

BESIDE: dict[str, tuple[Column, ...]] = {
    "domains": (
        *_OWNERS,
        Column("tags", "varchar[]", "What people tagged it with, sorted."),
        Column("note", "varchar", "What people noted, '' if nothing."),
        Column("entry", "integer", "1; 2, 3 and so on for appended copies, whose name ends in ~2, ~3."),
        Column("base_name", "varchar", "The name without that ending."),
    ),
    "dns_records": (
        Column("owners", "varchar[]", "Users that own it, else those that own its domain."),
        Column("groups", "varchar[]", "Groups that own it, else those that own its domain."),
    ),
}  # fmt: skip

USERS = Table(
    "users",
    "A person who was not removed.",
    (
        Column("id", "bigint", "Number."),
        Column("name", "varchar", "Name by which owners are written."),
        Column("email", "varchar", "Address in lower case; null if none."),
        Column("department", "varchar", "Department, '' if none."),
        Column("role", "varchar", "viewer, editor or admin."),
        Column("is_active", "boolean", "Whether the person may do anything at all."),
        Column("can_sign_in", "boolean", "Whether the person may sign in."),
        Column("groups", "varchar[]", "Names of the groups the person is in."),
        Column("created_at", INSTANT, "When it was entered (UTC)."),
    ),
    ("id",),
)

GROUPS = Table(
    "groups",
    "A group that was not removed.",
    (
        Column("id", "bigint", "Number."),
        Column("name", "varchar", "Name by which owners are written."),
        Column("description", "varchar", "What it is for, '' if nobody said."),
        Column("members", "varchar[]", "Names of the users in it."),
        Column("created_at", INSTANT, "When it was entered (UTC)."),
    ),
    ("id",),
)

ASSIGNMENTS = Table(
    "assignments",
    "An owner of a domain or record, former ones included.",
    (
        Column("id", "bigint", "Number."),
        Column("domain", "varchar", "The domain, or that of the record."),
        Column("record_name", "varchar", "Name of the record; null for a domain."),
        Column("record_type", "varchar", "Type of the record; null for a domain."),
        Column("record_content", "varchar", "Content of the record; null for a domain."),
        Column("owner", "varchar", "Name of the user or group."),
        Column("owner_kind", "varchar", "user or group."),
        Column("source", "varchar", "manual, rule, handed-on or migration."),
        Column("assigned_at", INSTANT, "When (UTC)."),
        Column("assigned_in", "bigint", "The entry of audit_log that says who did it."),
        Column("ended_in", "bigint", "The entry that ended it; null = it holds."),
    ),
    ("id",),
)

AUDIT_LOG = Table(
    "audit_log",
    "Something that somebody did or was refused.",
    (
        Column("seq", "bigint", "Number, without gaps."),
        Column("at", INSTANT, "When (UTC)."),
        Column("actor", "varchar", "Who, by name at that time."),
        Column("actor_id", "bigint", "The user; null for the command line and the services."),
        Column("door", "varchar", "web, api, cli or service."),
        Column("address", "varchar", "Network address it came from, '' if none."),
        Column("request_id", "varchar", "The request in the log, '' if none."),
        Column("action", "varchar", "What, such as user.create."),
        Column("subject", "varchar", "To what."),
        Column("outcome", "varchar", "done, refused or failed."),
        Column("details", "json", "More, as a JSON object; never secrets."),
        Column("hash", "varchar", "Of this entry and the one before."),
    ),
    ("seq",),
)

MIGRATIONS = Table(
    "migrations",
    "One import of a file; imported_domains, imported_records and migration_errors have its rows.",
    (
        Column("id", "varchar", "m000001 and so on; `migration` in the datasets of its rows."),
        Column("name", "varchar", "What the file was called."),
        Column("source", "varchar", "Where it came from; of an address without its query."),
        Column("state", "varchar", "pending, staging, running, paused, completed, completed with errors, failed or cancelled."),
        Column("template", "varchar", "Name of the template, as it was when it began."),
        Column("template_id", "varchar", "Its id."),
        Column("duplicates", "varchar", "What became of what was there: skip, replace, merge or append."),
        Column("batch_size", "integer", "Keys of a batch."),
        Column("validates", "boolean", "Whether it was looked whether an account holds each domain."),
        Column("is_strict", "boolean", "Whether one bad item refuses the whole file."),
        Column("owners", "varchar[]", "Owners of all rows: user:NAME or group:NAME."),
        Column("bytes", "bigint", "Of the file as it came."),
        Column("sha256", "varchar", "Of the file as it came; '' where it was read where it lay."),
        Column("items", "bigint", "Items of the file."),
        Column("invalid", "bigint", "Items that gave no row."),
        Column("warnings", "bigint", "Warnings about items."),
        Column("batches", "bigint", "Batches it was cut into."),
        Column("committed_batches", "bigint", "Batches that are committed."),
        Column("rows", "bigint", "Rows of all batches."),
        Column("new", "bigint", "Committed rows of what was nowhere."),
        Column("skipped", "bigint", "Committed rows that change nothing."),
        Column("replaced", "bigint", "Committed rows that replace what was there."),
        Column("merged", "bigint", "Committed rows that fill in what was there."),
        Column("appended", "bigint", "Committed rows that stand beside what was there."),
        Column("message", "varchar", "Why it failed, '' if it did not."),
        Column("restore_point", "varchar", "Name of the backup made before, '' if none."),
        Column("run", "varchar", "Dagster's run that stages it, '' if none."),
        Column("backfill", "varchar", "Dagster's backfill of its slices, '' if none."),
        Column("created_by", "varchar", "Who asked for it, by name at that time."),
        Column("created_in", "bigint", "The entry of audit_log that says so."),
        Column("created_at", INSTANT, "When it was asked for (UTC)."),
        Column("started_at", INSTANT, "When it began (UTC)."),
        Column("staged_at", INSTANT, "When its file was read and cut (UTC)."),
        Column("finished_at", INSTANT, "When it ended (UTC); null while it is under way."),
        Column("undone_in", "bigint", "The entry of audit_log that took it back; null = it holds."),
    ),
    ("id",),
)  # fmt: skip

OF_PEOPLE = (USERS, GROUPS, ASSIGNMENTS, AUDIT_LOG, MIGRATIONS)
