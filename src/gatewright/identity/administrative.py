"""The predefined groups whose members administer the server; `admin.roles` says what each may do."""

from typing import Final

ADMINISTRATORS: Final = "Administrators"
CLIENT_ADMINISTRATORS: Final = "Client Administrators"
READ_ONLY_ADMINISTRATORS: Final = "Read-only Administrators"

ADMINISTRATIVE: Final = frozenset({ADMINISTRATORS, CLIENT_ADMINISTRATORS, READ_ONLY_ADMINISTRATORS})
