"""Somebody else's web server over TLS, with a certificate for `localhost` that a test makes the server trust."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gatewright.kernel.fetching import Fetcher
from tests.running.remote import Remote


class SecureRemote(Remote):
    """A server at https://localhost."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.certificate = _certificate(folder)

    async def start(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate)
        await self.listen(context)
        self.url = f"https://localhost:{self.port}"

    def trust(self, fetcher: Fetcher) -> None:
        """Make a fetcher take the certificate; all else that it checks it goes on checking."""
        context: ssl.SSLContext = fetcher._opened()._transport._pool._ssl_context  # type: ignore[attr-defined]
        context.load_verify_locations(self.certificate)


def _certificate(folder: Path) -> Path:
    """A file with a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "localhost.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
