"""The last failing runs of services."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "failing_runs",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("service", _TEXT, nullable=False),
        sa.Column("request", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("document", _TEXT, nullable=False),
    )
    op.create_index("failing_runs_service", "failing_runs", ["service", "id"])
    op.create_index("failing_runs_request", "failing_runs", ["request"])
    op.create_index("failing_runs_at", "failing_runs", ["at"])
