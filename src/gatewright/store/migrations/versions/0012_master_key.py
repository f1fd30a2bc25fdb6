"""By what the master key of a store is known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table("master_key", sa.Column("fingerprint", sa.Text, primary_key=True))
