"""Connections: stored credentials for calling out."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "connections",
        sa.Column("name", _TEXT, primary_key=True, nullable=False),
        sa.Column("document", _TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("sealed_tokens", sa.LargeBinary),
        sa.Column("leased_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    )
