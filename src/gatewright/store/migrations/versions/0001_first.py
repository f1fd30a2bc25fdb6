"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_PREDEFINED = {
    "Administrators": "May use the console and change everything",
    "Developers": "Write and run services",
    "Everybody": "Every authenticated principal",
    "Anonymous": "No token needed",
}


def upgrade() -> None:
    """Make all tables, the groups that are always there, and the change that all later ones come after."""
    _directory()
    _people()
    _tokens()
    _keys()
    _trust()
    _pending()
    _records()
    op.bulk_insert(
        sa.table(
            "groups", sa.column("name", sa.Text), sa.column("description", sa.Text), sa.column("predefined", sa.Integer)
        ),
        [{"name": name, "description": text, "predefined": 1} for name, text in _PREDEFINED.items()],
    )
    op.execute(f"INSERT INTO changes (kind, name, at) VALUES ('schema', '{revision}', 0)")


# Byte order, as SQLite has it: lists come in one order from both, and comparing costs least.
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, nullable: bool = False, **more: Any) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=nullable, **more)


def _time(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _digest(name: str, nullable: bool = False, **more: Any) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable, **more)


def _number(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=default)


def _directory() -> None:
    op.create_table("settings", _text("name", primary_key=True), _text("value"))
    op.create_table(
        "clients",
        _text("client_id", primary_key=True),
        _text("name"),
        _text("version"),
        _text("document"),
        _time("created_at"),
        _number("revision", "1"),
        sa.UniqueConstraint("name", "version"),
    )
    op.create_table(
        "client_secrets",
        _text("id", primary_key=True),
        _text("client_id"),
        _digest("digest", nullable=True),
        _text("hash", nullable=True),
        _digest("sealed", nullable=True),
        _time("created_at"),
        _time("expires_at", nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE"),
    )
    op.create_index("client_secrets_client", "client_secrets", ["client_id", "id"])
    op.create_table("scopes", _text("name", primary_key=True), _text("document"), _number("revision", "1"))
    op.create_table(
        "client_scopes",
        _text("client_id", primary_key=True),
        _text("scope", primary_key=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scope"], ["scopes.name"], ondelete="CASCADE"),
    )
    op.create_index("client_scopes_scope", "client_scopes", ["scope", "client_id"])
    op.create_table(
        "registrations",
        _text("client_id", primary_key=True),
        _digest("digest"),
        _text("document"),
        _time("seen_at"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE"),
    )
    op.create_index("registrations_seen", "registrations", ["seen_at"])
    op.create_table("initial_access_tokens", _digest("digest", primary_key=True), _time("expires_at"))
    op.create_index("initial_access_tokens_expiry", "initial_access_tokens", ["expires_at"])


def _people() -> None:
    op.create_table(
        "users",
        _text("id", primary_key=True),
        _text("name", unique=True),
        _text("password_hash", nullable=True),
        _number("must_change_password", "0"),
        _number("enabled", "1"),
        _time("created_at"),
        _number("revision", "1"),
    )
    op.create_table("groups", _text("name", primary_key=True), _text("description"), _number("predefined", "0"))
    op.create_table(
        "group_members",
        _text("group_name", primary_key=True),
        _text("kind", primary_key=True),
        _text("member_id", primary_key=True),
        sa.ForeignKeyConstraint(["group_name"], ["groups.name"], ondelete="CASCADE"),
    )
    op.create_index("group_members_member", "group_members", ["kind", "member_id"])
    op.create_table("acls", _text("target", primary_key=True), _text("execute"))
    op.create_table(
        "sessions",
        _digest("digest", primary_key=True),
        _text("user_id"),
        _text("csrf"),
        _time("authenticated_at"),
        _time("expires_at"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    )
    op.create_index("sessions_user", "sessions", ["user_id"])
    op.create_index("sessions_expiry", "sessions", ["expires_at"])
    op.create_table(
        "consents",
        _text("user_id", primary_key=True),
        _text("client_id", primary_key=True),
        _text("scope"),
        _time("created_at"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE"),
    )
    op.create_index("consents_client", "consents", ["client_id"])
    op.create_table(
        "failures",
        _text("name", primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        _time("window_ends_at"),
    )
    op.create_index("failures_end", "failures", ["window_ends_at"])


def _tokens() -> None:
    op.create_table(
        "grants",
        _text("id", primary_key=True),
        _text("client_id"),
        _text("user_id", nullable=True),
        _text("grant_type"),
        _text("scope"),
        _time("authenticated_at"),
        _time("created_at"),
        _number("refreshes_used", "0"),
        _text("resource", nullable=True),
    )
    op.create_index("grants_client", "grants", ["client_id"])
    op.create_index("grants_user", "grants", ["user_id"])
    op.create_table(
        "access_tokens",
        _digest("digest", primary_key=True),
        _text("id"),
        _text("client_id"),
        _text("user_id", nullable=True),
        _text("grant_id", nullable=True),
        _text("scope"),
        _time("issued_at"),
        _time("expires_at", nullable=True),
        _text("jkt", nullable=True),
        _digest("exchanged_from", nullable=True),
        _text("actors", nullable=True),
        _text("resource", nullable=True),
    )
    op.create_index("access_tokens_id", "access_tokens", ["id"], unique=True)
    op.create_index("access_tokens_client", "access_tokens", ["client_id", "id"])
    op.create_index("access_tokens_expiry", "access_tokens", ["expires_at"])
    for column in ("user_id", "grant_id"):
        present = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"access_tokens_{column}", "access_tokens", [column, "id"], sqlite_where=present, postgresql_where=present
        )
    op.create_table(
        "refresh_tokens",
        _digest("digest", primary_key=True),
        _text("grant_id"),
        _text("client_id"),
        _text("user_id", nullable=True),
        _text("scope"),
        _time("issued_at"),
        _time("expires_at", nullable=True),
        _text("jkt", nullable=True),
        _text("resource", nullable=True),
        _time("consumed_at", nullable=True),
        _digest("successor", nullable=True),
        _digest("sealed_answer", nullable=True),
    )
    op.create_index("refresh_tokens_grant", "refresh_tokens", ["grant_id"])
    op.create_index("refresh_tokens_expiry", "refresh_tokens", ["expires_at"])
    op.create_table(
        "authorization_codes",
        _digest("digest", primary_key=True),
        _text("grant_id"),
        _text("client_id"),
        _text("user_id"),
        _text("scope"),
        _text("redirect_uri", nullable=True),
        _text("code_challenge", nullable=True),
        _text("code_challenge_method", nullable=True),
        _time("authenticated_at"),
        _time("issued_at"),
        _time("expires_at"),
        _text("jkt", nullable=True),
        _text("resource", nullable=True),
        _time("redeemed_at", nullable=True),
    )
    op.create_index("authorization_codes_client", "authorization_codes", ["client_id"])
    op.create_index("authorization_codes_user", "authorization_codes", ["user_id"])
    op.create_index("authorization_codes_expiry", "authorization_codes", ["expires_at"])


def _keys() -> None:
    op.create_table(
        "signing_keys",
        _text("id", primary_key=True),
        _text("algorithm"),
        _text("public_jwk"),
        _digest("sealed"),
        _time("created_at"),
        _time("active_at"),
        _time("retire_at", nullable=True),
        sa.Column("overlap", sa.BigInteger, nullable=False),
    )
    without_successor = sa.text("retire_at IS NULL")
    op.create_index(
        "signing_keys_newest",
        "signing_keys",
        ["algorithm"],
        unique=True,
        sqlite_where=without_successor,
        postgresql_where=without_successor,
    )


def _trust() -> None:
    op.create_table("trusted_issuers", _text("issuer", primary_key=True), _text("document"), _number("revision", "1"))
    op.create_table(
        "external_servers",
        _text("name", primary_key=True),
        _text("document"),
        _digest("sealed_secret", nullable=True),
        _number("revision", "1"),
    )
    op.create_table("single_use", _digest("digest", primary_key=True), _time("expires_at"))
    op.create_index("single_use_expiry", "single_use", ["expires_at"])


def _pending() -> None:
    """Requests that wait for a person: pushed ones (RFC 9126), and devices' (RFC 8628)."""
    op.create_table(
        "pushed_requests",
        _digest("digest", primary_key=True),
        _text("client_id"),
        _text("parameters"),
        _digest("browser", nullable=True),
        _time("expires_at"),
    )
    op.create_index("pushed_requests_expiry", "pushed_requests", ["expires_at"])
    op.create_table(
        "device_codes",
        _digest("digest", primary_key=True),
        _text("user_code", unique=True),
        _text("client_id"),
        _text("scope"),
        _text("resource", nullable=True),
        _text("grant_id"),
        _time("issued_at"),
        _time("expires_at"),
        sa.Column("interval_seconds", sa.BigInteger, nullable=False),
        _time("next_poll_at"),
        _text("state"),
        _text("user_id", nullable=True),
        _time("authenticated_at", nullable=True),
    )
    op.create_index("device_codes_client", "device_codes", ["client_id"])
    present = sa.text("user_id IS NOT NULL")
    op.create_index("device_codes_user", "device_codes", ["user_id"], sqlite_where=present, postgresql_where=present)
    op.create_index("device_codes_expiry", "device_codes", ["expires_at"])


def _records() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        _text("kind"),
        _text("name"),
        _time("at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        _text("id", primary_key=True),
        _time("at"),
        _text("actor"),
        _text("action"),
        _text("target"),
        _text("before", nullable=True),
        _text("after", nullable=True),
    )
