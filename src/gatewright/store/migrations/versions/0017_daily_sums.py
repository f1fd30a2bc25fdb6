"""What happened on each day in sum: tokens issued, refusals, sign-ins and consents."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, with the days of which there are whole hours, or rows of the audit log."""
    op.create_table(
        "daily_sums",
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "name"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO daily_sums (day, kind, name, count)"
        " SELECT (-minute) / 86400 * 86400, kind, name, sum(count) FROM activity"
        " WHERE minute < 0 AND kind IN ('grant', 'refusal') GROUP BY 1, 2, 3"
    )
    op.execute(
        "INSERT INTO daily_sums (day, kind, name, count)"
        " SELECT at / 86400 * 86400, 'person', action, count(*) FROM audit"
        " WHERE action LIKE 'user.sign_in%' OR action LIKE 'consent.%' GROUP BY 1, 2, 3"
    )
