"""Requests with an Idempotency-Key; the use of quotas."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "idempotent_requests",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("idempotent_requests_expires_at", "idempotent_requests", ["expires_at"])
    op.create_table(
        "quota_use",
        sa.Column("client_id", _TEXT, primary_key=True),
        sa.Column("ends_at", sa.BigInteger, primary_key=True),
        sa.Column("used", sa.BigInteger, nullable=False),
    )
    op.create_index("quota_use_ends_at", "quota_use", ["ends_at"])
