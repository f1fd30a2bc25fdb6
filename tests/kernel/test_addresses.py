import pytest

from gatewright.kernel.addresses import is_listed
from gatewright.kernel.addresses import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_reached(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff0e::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:4136:e378::1"],
)  # fmt: skip
def test_other_addresses_may_not(address: str) -> None:
    assert not is_public(address)


def test_lists_name_hosts_ports_and_everything_below_a_name() -> None:
    listed = ["api.example.com", "Local:8080", "*.shop.test", "[::1]:9000"]
    assert is_listed("API.example.com", 443, listed)
    assert is_listed("api.example.com.", 443, listed)
    assert is_listed("local", 8080, listed)
    assert is_listed("eu.shop.test", 80, listed)
    assert is_listed("::1", 9000, listed)
    assert not is_listed("local", 80, listed)
    assert not is_listed("shop.test", 80, listed)
    assert not is_listed("evilshop.test", 80, listed)
    assert not is_listed("api.example.com.evil.test", 443, listed)
    assert not is_listed("::1", 80, listed)
