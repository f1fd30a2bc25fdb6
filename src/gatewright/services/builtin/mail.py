"""Mail through a connection of the kind `smtp`, in the bounded pool of threads."""

import asyncio
import re
from base64 import b64decode
from email.message import EmailMessage
from email.utils import formatdate
from email.utils import make_msgid
from typing import Annotated

import msgspec

from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import refusal
from gatewright.services.call import Call
from gatewright.services.smtp import deliver

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
_MOST_RECIPIENTS = 100
_LARGEST = 10_000_000
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}\Z")
_LONGEST_SUBJECT = 500

Addresses = Annotated[list[str], msgspec.Meta(max_length=_MOST_RECIPIENTS)]


class Attachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that goes with a mail; `content` is base64."""

    name: str
    content: str
    type: str = "application/octet-stream"


@service
async def send(
    call: Call,
    connection: Annotated[str, msgspec.Meta(extra_json_schema={"format": "connection"})],
    to: Addresses,
    subject: str,
    text: str = "",
    html: str = "",
    cc: Addresses = [],  # noqa: B006  never changed
    bcc: Addresses = [],  # noqa: B006  never changed
    reply_to: str = "",
    attachments: list[Attachment] = [],  # noqa: B006  never changed
) -> dict[str, str]:
    """Send a mail, as plain `text`, `html` or both, from the connection's own address; gives its `message_id`.

    It is sent when the mail server has taken it; a failure is an error that the flow may catch.
    """
    kept, secrets = await call.runtime.connections.get(connection, call, ("smtp",))
    recipients = [*to, *cc, *bcc]
    if not recipients or len(recipients) > _MOST_RECIPIENTS:
        raise refusal(f"a mail has 1 to {_MOST_RECIPIENTS} recipients")
    for address in [*recipients, *([reply_to] if reply_to else [])]:
        if not _ADDRESS.match(address):
            raise refusal(f"{address[:80]!r} is no address of the form name@example.com")
    message = _message(kept.sender, to, cc, reply_to, subject, text, html)
    for attachment in attachments:
        _attach(message, attachment)
    seconds = call.deadline - asyncio.get_running_loop().time()
    work = call.runtime.in_thread(
        deliver,
        {"connection": kept, "password": secrets.secret, "message": message, "to": recipients, "seconds": seconds},
    )
    await call.within_time(work)
    return {"message_id": str(message["Message-ID"])}


def _message(
    sender: str, to: list[str], cc: list[str], reply_to: str, subject: str, text: str, html: str
) -> EmailMessage:
    if re.search(r"[\x00-\x1f\x7f]", subject) or not subject.strip() or len(subject) > _LONGEST_SUBJECT:
        raise refusal(f"the subject is one line of 1 to {_LONGEST_SUBJECT} characters")
    if not text and not html:
        raise refusal("the mail is empty: give text or html")
    if len(text) + len(html) > _LARGEST:
        raise refusal(f"a mail has at most {_LARGEST} characters")
    message = EmailMessage()
    message["From"], message["Subject"] = sender, subject
    for name, addresses in (("To", to), ("Cc", cc), ("Reply-To", [reply_to] if reply_to else [])):
        if addresses:
            message[name] = ", ".join(addresses)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    if text:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    return message


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    if not _TYPE.match(attachment.type) or re.search(r"[\x00-\x1f\x7f/\\]", attachment.name) or not attachment.name:
        raise refusal("an attachment has a file's name, and a type such as text/csv")
    try:
        content = b64decode(attachment.content, validate=True)
    except ValueError:
        raise refusal(f"the content of {attachment.name!r} is no base64") from None
    if len(content) > _LARGEST:
        raise refusal(f"an attachment has at most {_LARGEST} bytes")
    kind, _, subtype = attachment.type.partition("/")
    message.add_attachment(content, maintype=kind, subtype=subtype, filename=attachment.name)
