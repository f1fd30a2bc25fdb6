"""How clients can authenticate, by the names of RFC 7591 §2 (`token_endpoint_auth_method`). Public ones: `none`."""

from typing import Final

from gatewright.oauth import client_assertion

CONFIDENTIAL_METHODS: Final = ("client_secret_basic", "client_secret_post")
"""What a confidential client may use when its registration names nothing else."""
SECRET_METHODS: Final = (*CONFIDENTIAL_METHODS, client_assertion.CLIENT_SECRET)
"""The methods that need a secret."""
METHODS: Final = (*CONFIDENTIAL_METHODS, *client_assertion.METHODS)
"""All that a confidential client can be registered for."""
