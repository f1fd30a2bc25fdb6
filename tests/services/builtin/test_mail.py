"""Mail through a server of our own: what arrives, and what is never sent."""

import asyncio
import base64
import email
from collections.abc import AsyncIterator
from email.policy import default
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import AuthResult

from gatewright.kernel.errors import GatewrightError
from gatewright.services.builtin.table import builtin_services
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.connections import seal_context
from gatewright.services.errors import ServiceError
from gatewright.store import connections as store
from gatewright.store.connections import Connection
from tests.running.site import Site

CATALOGUE = Catalogue([LoadedPackage(folder="", package=None, services=builtin_services())])
ADMIN = Caller(kind="user", subject="u0", groups=frozenset(["Administrators"]))
PASSWORD = "hunter2hunter2"


class Postbox:
    """Takes mails, and lets in whoever knows the password."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.signed_in = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        right = data.password == PASSWORD.encode()
        self.signed_in += right
        return AuthResult(success=right, handled=False)


class Post:
    def __init__(self, site: Site, box: Postbox, port: int) -> None:
        self.site, self.box, self.port = site, box, port

    async def connect(self, password: str = PASSWORD, **changes: Any) -> Connection:
        sealed = self.site.parts.sealer.seal(b'{"secret":"' + password.encode() + b'"}', seal_context("post"))
        fields = {"server": f"127.0.0.1:{self.port}", "encryption": "none", "sender": "shop@example.com", **changes}
        made = Connection(name="post", kind="smtp", sealed=sealed, **fields)
        await self.site.parts.database.write(store.insert, made, 1)
        return made

    async def send(self, seconds: float = 30.0, **given: Any) -> Any:
        arguments = {"connection": "post", "to": ["ada@example.com"], "subject": "Hello", "text": "Hi", **given}
        return await self.site.parts.runtime.invoke(CATALOGUE, "pub.mail:send", arguments, ADMIN, seconds=seconds)

    async def refusal(self, **given: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self.send(**given)
        return caught.value

    def arrived(self) -> tuple[str, list[str], Any]:
        sender, recipients, content = self.box.mails[-1]
        return sender, recipients, email.message_from_bytes(content, policy=default)


@pytest_asyncio.fixture
async def post(site: Site) -> AsyncIterator[Post]:
    box = Postbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, authenticator=box.authenticate, auth_require_tls=False, hostname="test"), "127.0.0.1", 0
    )
    yield Post(site, box, server.sockets[0].getsockname()[1])
    server.close()


async def test_a_mail_arrives_with_all_its_parts(post) -> None:
    await post.connect()
    attachment = {"name": "a ü.csv", "type": "text/csv", "content": base64.b64encode(b"a,b\n").decode()}
    told = await post.send(
        subject="Grüße", text="Hallo\nAda", html="<p>Hallo</p>", cc=["bo@example.com"], bcc=["cy@example.com"],
        reply_to="help@example.com", attachments=[attachment],
    )  # fmt: skip
    sender, recipients, mail = post.arrived()
    assert (sender, recipients) == ("shop@example.com", ["ada@example.com", "bo@example.com", "cy@example.com"])
    assert (mail["Subject"], mail["To"], mail["Cc"], mail["Bcc"]) == (
        "Grüße",
        "ada@example.com",
        "bo@example.com",
        None,
    )
    assert (mail["Reply-To"], mail["Message-ID"]) == ("help@example.com", told["message_id"])
    assert mail.get_body(("plain",)).get_content().split() == ["Hallo", "Ada"]
    assert "<p>Hallo</p>" in mail.get_body(("html",)).get_content()
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("a ü.csv", "a,b\n")


async def test_the_password_opens_the_server_and_a_wrong_one_is_told_without_it(post) -> None:
    await post.connect(username="shop")
    await post.send()
    assert post.box.signed_in == 1
    connection = await post.site.parts.database.read(store.find, "post")
    sealed = post.site.parts.sealer.seal(b'{"secret":"wrong-hunter"}', seal_context("post"))
    changed = Connection(
        **{name: getattr(connection, name) for name in connection.__struct_fields__} | {"sealed": sealed}
    )
    await post.site.parts.database.write(store.update, changed, 2)
    error = await post.refusal()
    assert (error.status, "refused the user name or password" in error.detail) == (502, True)
    assert "hunter" not in str(error.problem())
    assert len(post.box.mails) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "Hello\r\nBcc: all@example.com"},
        {"subject": "Hello\nX: 1"},
        {"subject": ""},
        {"to": ["ada@example.com\r\nBcc: all@example.com"]},
        {"to": ["ada@example.com, all@example.com"]},
        {"to": ["Ada <ada@example.com>"]},
        {"cc": ["no address"]},
        {"bcc": ["a@b@c"]},
        {"reply_to": "ada@example.com\r\nX: 1"},
        {"to": []},
        {"to": ["a@example.com"] * 101},
        {"text": ""},
        {"attachments": [{"name": "a\r\nX: 1", "content": ""}]},
        {"attachments": [{"name": "../a", "content": ""}]},
        {"attachments": [{"name": "a", "content": "", "type": "text/csv\r\nX: 1"}]},
        {"attachments": [{"name": "a", "content": "no base64!"}]},
    ],
)
async def test_what_could_smuggle_a_header_or_is_no_mail_is_refused_and_nothing_is_sent(post, given) -> None:
    await post.connect()
    assert ((await post.refusal(**given)).status, post.box.mails) == (400, [])


async def test_a_recipient_that_is_refused_is_told(post) -> None:
    await post.connect()
    error = await post.refusal(to=["nobody@example.com"])
    assert (error.status, "nobody@example.com" in error.detail) == (502, True)


async def test_a_server_that_offers_no_encryption_gets_no_mail(post) -> None:
    await post.connect(encryption="starttls", username="shop")
    assert ((await post.refusal()).status, post.box.mails, post.box.signed_in) == (502, [], 0)


async def test_a_server_that_says_nothing_is_given_up(post) -> None:
    quiet = await asyncio.start_server(lambda reader, writer: reader.read(), "127.0.0.1", 0)
    async with quiet:
        await post.connect(server=f"127.0.0.1:{quiet.sockets[0].getsockname()[1]}")
        assert (await post.refusal(seconds=0.3)).status == 504


async def test_trying_it_out_signs_in(post) -> None:
    connection = await post.connect(username="shop")
    assert "let us in as shop" in await post.site.parts.way_out.try_out(connection)
    with pytest.raises(GatewrightError):
        await post.site.parts.way_out.try_out(Connection(name="post", kind="smtp", server="127.0.0.1:1"))
