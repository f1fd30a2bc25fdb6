"""Refusal receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "refusals",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("reference", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("client_id", _TEXT, nullable=False),
        sa.Column("error", _TEXT, nullable=False),
        sa.Column("document", _TEXT, nullable=False),
    )
    op.create_index("refusals_reference", "refusals", ["reference"])
    op.create_index("refusals_client", "refusals", ["client_id", "id"])
