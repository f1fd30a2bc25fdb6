"""A family's refresh token in its grant's row, and access tokens that are found active only with their grant."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NEVER = 2**63 - 1
_MOVE = (
    "UPDATE grants SET refresh_family = r.digest, refresh_digest = r.digest, refresh_issued_at = r.issued_at,"
    " refresh_expires_at = r.expires_at, refresh_jkt = r.jkt"
    " FROM refresh_tokens r WHERE r.grant_id = grants.id AND r.consumed_at IS NULL"
)
_LAST_ACCESS = (
    f"UPDATE grants SET ends_at = coalesce((SELECT max(coalesce(a.expires_at, {_NEVER})) FROM access_tokens a"
    " WHERE a.grant_id = grants.id), 0)"
)
_LAST_REFRESH = (
    f"UPDATE grants SET ends_at = coalesce(refresh_expires_at, {_NEVER})"
    f" WHERE refresh_digest IS NOT NULL AND coalesce(refresh_expires_at, {_NEVER}) > ends_at"
)


def upgrade() -> None:
    """Move each live refresh token into its grant. Consumed ones are forgotten: unknown from now on, not an alarm."""
    for column in (
        sa.Column("refresh_family", sa.LargeBinary),
        sa.Column("refresh_digest", sa.LargeBinary),
        sa.Column("refresh_issued_at", sa.BigInteger),
        sa.Column("refresh_expires_at", sa.BigInteger),
        sa.Column("refresh_jkt", _TEXT),
        sa.Column("preceding_digest", sa.LargeBinary),
        sa.Column("rotated_at", sa.BigInteger),
        sa.Column("sealed_answer", sa.LargeBinary),
        sa.Column("ends_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("look_at", sa.BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("grants", column)
    for statement in (_MOVE, _LAST_ACCESS, _LAST_REFRESH, "UPDATE grants SET look_at = ends_at"):
        op.execute(statement)
    op.create_index("grants_refresh_family", "grants", ["refresh_family"], unique=True)
    op.create_index("grants_look", "grants", ["look_at"])
    op.drop_table("refresh_tokens")
    op.drop_index("access_tokens_grant_id", "access_tokens")
    endless = sa.text("grant_id IS NOT NULL AND expires_at IS NULL")
    op.create_index(
        "access_tokens_endless", "access_tokens", ["grant_id"], sqlite_where=endless, postgresql_where=endless
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE grants SET (fillfactor = 70)")  # a refresh leaves its new row in the old one's page
