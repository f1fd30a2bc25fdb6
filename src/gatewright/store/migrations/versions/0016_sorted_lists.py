"""Lists sorted by when: users by when they were made, clients by when they last got a token."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the indexes that a page is read by; the one of clients' use takes the place of one without their ids."""
    op.create_index("users_created", "users", ["created_at", "name"])
    op.create_index("client_use_order", "client_use", ["used_at", "client_id"])
    op.drop_index("client_use_time", "client_use")
