"""What the grants are called: as `grant_type` (RFC 6749 §4.5: a URI for an extension), and in a client's Allowed Grants."""

from typing import Final

from gatewright.oauth import device_code
from gatewright.oauth import jwt_bearer
from gatewright.oauth import token_exchange

ALLOWED_AS: Final = {
    device_code.GRANT_TYPE: "device_code",
    jwt_bearer.GRANT_TYPE: "jwt_bearer",
    token_exchange.GRANT_TYPE: "token_exchange",
}
"""What Allowed Grants call the grants whose `grant_type` is a URI."""
