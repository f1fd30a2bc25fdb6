"""What a client's authorization requests show: each is one that the server should refuse before anybody signs in."""

from collections.abc import AsyncIterator
from typing import Final
from typing import Literal

import msgspec

from gatewright.admin.doctor.asking import CHALLENGE
from gatewright.admin.doctor.asking import NOBODY
from gatewright.admin.doctor.asking import NOWHERE
from gatewright.admin.doctor.asking import Answer
from gatewright.admin.doctor.asking import Asking
from gatewright.admin.doctor.configuration import implicit
from gatewright.admin.doctor.configuration import name_of
from gatewright.admin.doctor.configuration import no_pkce
from gatewright.admin.doctor.finding import Finding
from gatewright.store.records import Client

PATH: Final = "/oauth/authorize"
_BY_REQUEST: Final[tuple[Literal["request"]]] = ("request",)
_S256: Final = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
_PLAIN: Final = {"code_challenge": CHALLENGE, "code_challenge_method": "plain"}
_REPEATS_THE_FORM: Final = (307, 308)


async def ask_as(client: Client, asking: Asking, issuer: str) -> AsyncIterator[Finding]:
    """Findings about a client that has redirect URIs. Raises httpx.HTTPError when the server does not answer."""
    if not client.redirect_uris or not client.enabled:
        return
    async for finding in _redirects(client, asking):
        yield finding
    if "authorization_code" in client.allowed_grants:
        async for finding in _code(client, asking):
            yield finding
    answer = await _ask(client, asking, response_type="token")
    if not _is_refused(answer):
        yield _seen(implicit(client))
    answer = await _ask(client, asking, response_type="code", scope=NOBODY, **_S256)
    async for finding in _refusal(client, answer, issuer):
        yield finding


async def _redirects(client: Client, asking: Asking) -> AsyncIterator[Finding]:
    registered = client.redirect_uris[0]
    for tried in (f"{NOWHERE}/callback", f"{registered}/../elsewhere", f"{registered}.gatewright-doctor.invalid"):
        answer = await _ask(client, asking, response_type="code", redirect_uri=tried, **_S256)
        if answer.status < 400:
            yield Finding(
                level="must",
                rule="redirect-uri-match",
                subject=name_of(client),
                section="RFC 9700 §2.1",
                message=f"a request with the redirect URI {tried}, which is not registered, is not refused",
                mend="Compare redirect URIs letter by letter; look for a proxy that rewrites requests.",
                seen=_BY_REQUEST,
            )
            return


async def _code(client: Client, asking: Asking) -> AsyncIterator[Finding]:
    if not _is_refused(await _ask(client, asking, response_type="code")):
        yield _seen(no_pkce(client))
    if not _is_refused(await _ask(client, asking, response_type="code", **_PLAIN)):
        yield Finding(
            level="should",
            rule="plain-pkce",
            subject=name_of(client),
            section="RFC 9700 §2.1.1",
            message="it may send code_challenge_method plain, which an eavesdropper can use",
            mend="Set allow_plain_pkce to false.",
            seen=_BY_REQUEST,
        )


async def _refusal(client: Client, answer: Answer, issuer: str) -> AsyncIterator[Finding]:
    """What a refusal carries back to the client (RFC 6749 §4.1.2.1)."""
    if "error" not in answer.returned():
        return
    if answer.returned().get("iss") != issuer:
        yield Finding(
            level="should",
            rule="iss",
            subject=name_of(client),
            section="RFC 9700 §4.4.2, RFC 9207 §2",
            message="its authorization responses do not name this server, so that a mix-up goes unnoticed",
            mend="Look for a proxy that rewrites redirects, or another server at this address.",
            seen=_BY_REQUEST,
        )
    if answer.status in _REPEATS_THE_FORM:
        yield Finding(
            level="must",
            rule="redirect-status",
            subject=name_of(client),
            section="RFC 9700 §4.12",
            message=f"browsers are sent back by status {answer.status}, which may carry a password along",
            mend="Redirect by 303.",
            seen=_BY_REQUEST,
        )


async def _ask(client: Client, asking: Asking, **parameters: str) -> Answer:
    given = {"client_id": client.client_id, "redirect_uri": client.redirect_uris[0], **parameters}
    return await asking.get(PATH, **given)


def _is_refused(answer: Answer) -> bool:
    return answer.status >= 400 or "error" in answer.returned()


def _seen(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, seen=_BY_REQUEST)
