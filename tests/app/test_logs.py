"""What the log never holds."""

import re

import pytest

from gatewright.app.logs import without_secrets
from gatewright.kernel import secrets

_KINDS = sorted(
    value for name, value in vars(secrets).items() if name.isupper() and re.fullmatch("gw_[a-z]{2}_", str(value))
)


@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_of_secret_is_cut_down_to_its_prefix_wherever_it_stands(kind: str) -> None:
    made = secrets.make_secret(kind)
    event = without_secrets(None, "", {"event": "refused", "detail": f"(request_uri:{made})", "status": 400})
    assert event == {"event": "refused", "detail": f"(request_uri:{kind}…)", "status": 400}


def test_there_are_kinds_to_try() -> None:
    assert {secrets.ACCESS_TOKEN, secrets.PUSHED_REQUEST, secrets.DEVICE_CODE} <= set(_KINDS)
