import pytest

from gatewright.oauth.registrable_uri import problem


@pytest.mark.parametrize(
    "uri",
    [
        "https://oauth.pstmn.io/v1/callback",
        "http://localhost:8080/cb?x=1&y=2",
        "http://127.0.0.1/cb",
        "http://[::1]:9/cb",
        "com.example.app:/oauth2redirect",
        "com.example.app://callback",
    ],
)
def test_usual_redirect_uri_is_accepted(uri: str) -> None:
    assert problem(uri) is None


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("https://a.example/cb#here", "fragment"),
        ("https://a.example/%2e", "character %"),
        ("https://a.example/^", "character ^"),
        ('https://a.example/"', 'character "'),
        ("javascript:alert(1)", "must begin with"),
        ("data:text/html,x", "must begin with"),
        ("myapp:/callback", "domain name"),
        ("/callback", "must begin with"),
        ("callback", "must begin with"),
        ("https:///cb", "no host"),
        ("https:cb", "no host"),
        ("https://user:pw@a.example/", "user name"),
        ("https://*.example/cb", "wildcards"),
        ("https://a.example:port/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://a.example/a b", "blank"),
        ("https://ä.example/", "ASCII"),
        ("https://a.example\\@b.example/", "blank or a character"),
        ("https://a.example/\n", "blank"),
        ("https://a.example/" + "x" * 2000, "longer"),
    ],
)
def test_redirect_uri_that_cannot_be_registered_says_why(uri: str, says: str) -> None:
    assert says in (problem(uri) or "")
