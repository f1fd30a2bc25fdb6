from pathlib import Path

import pytest

from gatewright.cli.server_settings import resolve
from gatewright.kernel.errors import StartupError
from gatewright.kernel.settings import ServerSettings


def _file(folder: Path, text: str) -> Path:
    (folder / "gatewright.yaml").write_text(text)
    return folder


def test_defaults_hold_without_any_source(tmp_path: Path) -> None:
    assert resolve({}, {}, tmp_path) == ServerSettings()


def test_flag_goes_before_environment_before_file(tmp_path: Path) -> None:
    _file(tmp_path, "server: {port: 1, host: a, workers: 2}\n")
    environment = {"GATEWRIGHT_PORT": "10", "GATEWRIGHT_HOST": "b"}
    settings = resolve({"port": 100, "host": None}, environment, tmp_path)
    assert (settings.port, settings.host, settings.workers) == (100, "b", 2)


def test_proxies_in_the_environment_are_separated_by_commas(tmp_path: Path) -> None:
    settings = resolve({}, {"GATEWRIGHT_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16"}, tmp_path)
    assert settings.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")


def test_certificate_named_in_the_file_lies_beside_it(tmp_path: Path) -> None:
    settings = resolve({}, {}, _file(tmp_path, "server: {tls_certificate: tls.pem, tls_key: /etc/tls.key}\n"))
    assert (settings.tls_certificate, settings.tls_key) == (str(tmp_path / "tls.pem"), "/etc/tls.key")


def test_broken_other_parts_of_the_file_do_not_keep_the_server_from_starting(tmp_path: Path) -> None:
    assert resolve({}, {}, _file(tmp_path, "clients: 5\nserver: {port: 80}\n")).port == 80


@pytest.mark.parametrize(
    ("text", "environment", "flags", "says"),
    [
        ("", {"GATEWRIGHT_PORT": "many"}, {}, "GATEWRIGHT_PORT must be a whole number from 1 to 65535"),
        ("", {}, {"workers": 0}, "--workers must be a whole number from 1 to 256"),
        ("", {}, {"public_url": "example.com"}, "public_url must begin with https://"),
        (
            "",
            {},
            {"trusted_proxies": ["proxy.example"]},
            "trusted_proxies: 'proxy.example' is no IP address or network",
        ),
        ("server:\n  prot: 1\n", {}, {}, r"gatewright.yaml:2: 'prot' is no setting of the server. Did you mean 'port'"),
        ("server:\n  port: '1'\n", {}, {}, "gatewright.yaml:2: port must be a whole number"),
        ("server:\n  log_level: loud\n", {}, {}, "log_level must be debug, error, info or warning"),
        ("server: 5\n", {}, {}, "gatewright.yaml:1: a mapping is expected"),
        ("a: b: c\n", {}, {}, "gatewright.yaml:1: "),
    ],
)
def test_wrong_setting_is_refused_with_its_source(
    tmp_path: Path, text: str, environment: dict[str, str], flags: dict[str, object], says: str
) -> None:
    with pytest.raises(StartupError, match=says):
        resolve(flags, environment, _file(tmp_path, text))
