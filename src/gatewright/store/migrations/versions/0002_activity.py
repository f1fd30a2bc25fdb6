"""What processes count of their work, by minute."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "activity",
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("minute", sa.BigInteger, nullable=False),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("bucket", sa.Integer, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("microseconds", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "minute", "outcome", "bucket"),
        sqlite_with_rowid=False,
    )
    op.create_index("activity_minute", "activity", ["minute"])
