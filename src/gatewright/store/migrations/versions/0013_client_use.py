"""When each client last got a token."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, with each client as if it had been used when it was registered; find secrets by their end."""
    op.create_table(
        "client_use",
        sa.Column("client_id", _TEXT, primary_key=True),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE"),
    )
    op.create_index("client_use_time", "client_use", ["used_at"])
    op.execute("INSERT INTO client_use (client_id, used_at) SELECT client_id, created_at FROM clients")
    op.create_index("client_secrets_expiry", "client_secrets", ["expires_at"])
