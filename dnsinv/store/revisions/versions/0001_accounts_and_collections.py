"""Accounts, collections, holds, retired domains and run-time settings.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

from dnsinv.store.tables import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("first_collected_at", Instant, nullable=False),
        sa.Column("retired_at", Instant),
    )
    op.create_table(
        "retired_domains",
        sa.Column("name", sa.String(253), primary_key=True),
        sa.Column("retired_at", Instant, nullable=False),
    )
    op.create_table(
        "collections",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("account", sa.String(60), nullable=False, index=True),
        sa.Column("scope", sa.String(300), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("started_at", Instant, nullable=False, index=True),
        sa.Column("finished_at", Instant),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in (
                "domains",
                "zones_complete",
                "zones_unchanged",
                "zones_no_zone_here",
                "zones_refused",
                "zones_failed",
                "zones_unread",
                "records",
                "requests",
            )
        ),
        sa.Column("errors", sa.Text, nullable=False),
    )
    op.create_table(
        "holds",
        sa.Column(
            "collection_id", sa.String(100), sa.ForeignKey("collections.id"), primary_key=True
        ),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("missing", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("held_at", Instant, nullable=False),
        sa.Column("settled_at", Instant),
        sa.Index("holds_account_state", "account", "state"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )


def downgrade() -> None:
    for table in ("settings", "holds", "collections", "retired_domains", "accounts"):
        op.drop_table(table)
