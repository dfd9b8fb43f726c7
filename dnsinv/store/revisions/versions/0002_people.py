"""People, assignments, sign-in and the audit log.

Revision: 0002, follows 0001.
"""

import sqlalchemy as sa
from alembic import op

from dnsinv.store.tables import Instant, Number

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The audit log takes new entries only, whoever writes to the database.
_APPEND_ONLY = {
    "sqlite": [
        f"""create trigger audit_log_no_{verb} before {verb} on audit_log
        begin select raise(abort, 'the audit log is append-only'); end"""
        for verb in ("update", "delete")
    ],
    "postgresql": [
        """create function audit_log_refuse() returns trigger language plpgsql as
        $$ begin raise exception 'the audit log is append-only'; end $$""",
        """create trigger audit_log_append_only before update or delete or truncate on audit_log
        for each statement execute function audit_log_refuse()""",
    ],
}


def upgrade() -> None:
    op.create_table(
        "annotations",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("changed_in", Number, nullable=False),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_index("ix_annotations_changed_in", "annotations", ["changed_in"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("seq", Number, autoincrement=False, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=50), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_audit_log_action", "audit_log", ["action"], unique=False)
    op.create_index("ix_audit_log_actor", "audit_log", ["actor"], unique=False)
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", Number, nullable=False),
        sa.Column("account_key", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=50), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_failed_sign_ins_account_key", "failed_sign_ins", ["account_key"], unique=False
    )
    op.create_index("ix_failed_sign_ins_address", "failed_sign_ins", ["address"], unique=False)
    op.create_index("ix_failed_sign_ins_at", "failed_sign_ins", ["at"], unique=False)
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "groups_name",
        "groups",
        ["name_key"],
        unique=True,
        sqlite_where=sa.text("ended_in is null"),
        postgresql_where=sa.text("ended_in is null"),
    )
    op.create_table(
        "manual_domains",
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("registered_on", sa.String(length=10), nullable=True),
        sa.Column("expires_on", sa.String(length=10), nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("department", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("can_sign_in", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "users_email",
        "users",
        ["email"],
        unique=True,
        sqlite_where=sa.text("ended_in is null"),
        postgresql_where=sa.text("ended_in is null"),
    )
    op.create_index(
        "users_name",
        "users",
        ["name_key"],
        unique=True,
        sqlite_where=sa.text("ended_in is null"),
        postgresql_where=sa.text("ended_in is null"),
    )
    op.create_index(
        "users_subject",
        "users",
        ["subject"],
        unique=True,
        sqlite_where=sa.text("ended_in is null"),
        postgresql_where=sa.text("ended_in is null"),
    )
    op.create_table(
        "assignment_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.String(length=300), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.CheckConstraint("(user_id is null) <> (group_id is null)", name="rules_one_owner"),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "assignments",
        sa.Column("id", Number, nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("record_key", sa.String(length=32), nullable=False),
        sa.Column("record_name", sa.String(length=253), nullable=True),
        sa.Column("record_type", sa.String(length=20), nullable=True),
        sa.Column("record_content", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("assigned_at", Instant, nullable=False),
        sa.Column("assigned_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.CheckConstraint("(user_id is null) <> (group_id is null)", name="assignments_one_owner"),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("assignments_of_asset", "assignments", ["domain", "record_key"], unique=False)
    op.create_index(
        "assignments_of_group",
        "assignments",
        ["group_id", "domain", "record_key"],
        unique=True,
        sqlite_where=sa.text("ended_in is null"),
        postgresql_where=sa.text("ended_in is null"),
    )
    op.create_index(
        "assignments_of_user",
        "assignments",
        ["user_id", "domain", "record_key"],
        unique=True,
        sqlite_where=sa.text("ended_in is null"),
        postgresql_where=sa.text("ended_in is null"),
    )
    op.create_index("ix_assignments_assigned_in", "assignments", ["assigned_in"], unique=False)
    op.create_index(
        "assignments_ended",
        "assignments",
        ["ended_in"],
        unique=False,
        sqlite_where=sa.text("ended_in is not null"),
        postgresql_where=sa.text("ended_in is not null"),
    )
    op.create_table(
        "memberships",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("added_in", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id"),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("address", sa.String(length=50), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("ended_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=True),
        sa.Column("last_used_at", Instant, nullable=True),
        sa.Column("revoked_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"], unique=False)
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "tokens",
        "sessions",
        "memberships",
        "assignments",
        "assignment_rules",
        "users",
        "manual_domains",
        "groups",
        "failed_sign_ins",
        "audit_log",
        "annotations",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function audit_log_refuse")
