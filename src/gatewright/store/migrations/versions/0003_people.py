"""Sessions that say where they are, second factors, passkeys, and the groups of administrators' roles."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ROLES = {
    "Client Administrators": "May use the console, and change clients, scopes and their tokens",
    "Read-only Administrators": "May look at everything in the console, and change nothing",
}
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what people sign in with."""
    _sessions()
    _factors()
    op.bulk_insert(
        sa.table(
            "groups", sa.column("name", sa.Text), sa.column("description", sa.Text), sa.column("predefined", sa.Integer)
        ),
        [{"name": name, "description": text, "predefined": 1} for name, text in _ROLES.items()],
    )


def _text(name: str, **more: Any) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=False, **more)


def _time(name: str, nullable: bool = False, **more: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable, **more)


def _sessions() -> None:
    for name in ("started_at", "seen_at"):
        op.add_column("sessions", _time(name, server_default="0"))
    for name in ("method", "address", "agent"):
        op.add_column("sessions", _text(name, server_default=""))
    op.execute("UPDATE sessions SET started_at = authenticated_at, seen_at = authenticated_at")


def _factors() -> None:
    def of_user() -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE")

    op.create_table(
        "totp",
        _text("user_id", primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _time("last_step"),
        _time("created_at"),
        of_user(),
    )
    op.create_table(
        "recovery_codes",
        _text("user_id", primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        of_user(),
    )
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.LargeBinary, primary_key=True),
        _text("user_id"),
        _text("name"),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        _time("sign_count"),
        _text("transports"),
        sa.Column("backed_up", sa.Integer, nullable=False),
        _time("created_at"),
        _time("used_at", nullable=True),
        of_user(),
    )
    op.create_index("passkeys_user", "passkeys", ["user_id"])
    op.create_table(
        "pending_sign_ins",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        _text("user_id"),
        _time("expires_at"),
        of_user(),
    )
    op.create_index("pending_sign_ins_user", "pending_sign_ins", ["user_id"])
    op.create_index("pending_sign_ins_expiry", "pending_sign_ins", ["expires_at"])
