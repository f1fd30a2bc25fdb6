"""The versions of services' texts, and the inputs that are kept to try services with."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "service_versions",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("service", _TEXT, nullable=False),
        sa.Column("file", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("note", _TEXT, nullable=False),
        sa.Column("text", _TEXT, nullable=False),
    )
    op.create_index("service_versions_service", "service_versions", ["service", "id"])
    op.create_table(
        "service_examples",
        sa.Column("service", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("input", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("service", "name"),
    )
