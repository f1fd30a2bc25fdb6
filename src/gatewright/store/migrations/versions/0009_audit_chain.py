"""The audit log as a chain, which nothing changes or deletes."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_START = b"\0" * 32
_COLUMNS = "id, at, actor, action, target, before, after"
_REFUSED = "the audit log is append-only"


def upgrade() -> None:
    """Chain the rows that are there, in the order of their ids; from then on refuse to change or delete any."""
    op.add_column("audit", sa.Column("number", sa.BigInteger, nullable=True))
    op.add_column("audit", sa.Column("hash", sa.LargeBinary, nullable=True))
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    number, last = _chain(op.get_bind())
    op.get_bind().execute(
        sa.text("INSERT INTO audit_head (id, number, hash) VALUES (1, :number, :hash)"),
        {"number": number, "hash": last},
    )
    op.create_index("audit_number", "audit", ["number"], unique=True)
    _refuse_changes(op.get_bind().dialect.name)


def _chain(connection: sa.Connection) -> tuple[int, bytes]:
    """As store/audit_chain.py does it."""
    number, before = 0, _START
    for row in connection.execute(sa.text(f"SELECT {_COLUMNS} FROM audit ORDER BY id")).fetchall():
        number += 1
        text = json.dumps([number, before.hex(), *row], ensure_ascii=False, separators=(",", ":"))
        before = hashlib.sha256(text.encode()).digest()
        connection.execute(
            sa.text("UPDATE audit SET number = :number, hash = :hash WHERE id = :id"),
            {"number": number, "hash": before, "id": row[0]},
        )
    return number, before


def _refuse_changes(dialect: str) -> None:
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    for name, verbs, each in (("change", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER audit_no_{name} BEFORE {verbs} ON audit"
            f" FOR EACH {each} EXECUTE FUNCTION refuse_audit_change()"
        )
