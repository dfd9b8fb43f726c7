"""Migrations, their ledger of batches, templates, and schedules of imports.

Revision: 0003, follows 0002.
"""

import sqlalchemy as sa
from alembic import op

from dnsinv.store.tables import Instant, Number

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "migration_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "migration_templates_name", "migration_templates", ["name", "version"], unique=True
    )
    op.create_table(
        "migrations",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("template", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("owners", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("wanted", sa.String(length=10), nullable=False),
        sa.Column("inventory", sa.String(length=40), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("invalid", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("restore_point", sa.Text(), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("backfill", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_in", Number, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("started_at", Instant, nullable=True),
        sa.Column("staged_at", Instant, nullable=True),
        sa.Column("finished_at", Instant, nullable=True),
        sa.Column("undone_in", Number, nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_migrations_state"), "migrations", ["state"], unique=False)
    op.create_table(
        "migration_batches",
        sa.Column("migration", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slice", sa.Integer(), nullable=False),
        sa.Column("keys", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("appended", sa.Integer(), nullable=False),
        sa.Column("committed_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["migration"],
            ["migrations.number"],
        ),
        sa.PrimaryKeyConstraint("migration", "number"),
    )
    op.create_index(
        "migration_batches_of_slice", "migration_batches", ["migration", "slice"], unique=False
    )
    op.create_table(
        "migration_slices",
        sa.Column("migration", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["migration"],
            ["migrations.number"],
        ),
        sa.PrimaryKeyConstraint("migration", "number"),
    )
    op.create_table(
        "migration_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("template", sa.String(length=100), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_in", Number, nullable=False),
        sa.Column("ended_in", Number, nullable=True),
        sa.Column("looked_at", Instant, nullable=True),
        sa.Column("again_at", Instant, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "migration_seen",
        sa.Column("schedule", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("migration", sa.Integer(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["migration"],
            ["migrations.number"],
        ),
        sa.ForeignKeyConstraint(
            ["schedule"],
            ["migration_sources.id"],
        ),
        sa.PrimaryKeyConstraint("schedule", "number"),
    )


def downgrade() -> None:
    for table in (
        "migration_seen",
        "migration_sources",
        "migration_templates",
        "migration_batches",
        "migration_slices",
        "migrations",
    ):
        op.drop_table(table)
