import pytest

from gatewright.identity.browser_name import browser_name

MOZILLA = "Mozilla/5.0 "
ON_WINDOWS = (
    f"{MOZILLA}(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
)
SAFARI = f"{MOZILLA}(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
ANDROID = f"{MOZILLA}(Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{MOZILLA}(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (ON_WINDOWS, "Chrome on Windows"),
        (f"{ON_WINDOWS} Edg/139.0.0.0", "Edge on Windows"),
        (SAFARI, "Safari on macOS"),
        (ANDROID, "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("something of one's own " * 9, "something of one's own something of one'"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_named_as_people_know_them(agent: str, name: str) -> None:
    assert browser_name(agent) == name
