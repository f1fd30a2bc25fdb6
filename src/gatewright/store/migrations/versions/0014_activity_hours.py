"""Whole hours beside minutes in what is counted, and reading either of one kind."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add up the hours that there are minutes of."""
    op.execute(
        "INSERT INTO activity (kind, name, minute, outcome, bucket, count, microseconds)"
        " SELECT kind, name, -(minute / 3600 * 3600), outcome, bucket, sum(count), sum(microseconds)"
        " FROM activity WHERE minute > 0 GROUP BY 1, 2, 3, 4, 5"
    )
    op.create_index("activity_kind", "activity", ["kind", "minute"])
