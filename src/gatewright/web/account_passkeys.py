"""`/account/factors/passkeys`: adding, renaming and removing a user's passkeys."""

from typing import Final

from starlette.responses import Response

from gatewright.identity import second_factor
from gatewright.identity.browser_name import browser_name
from gatewright.identity.passkeys import LONGEST_NAME
from gatewright.identity.passkeys import PasskeyRefused
from gatewright.identity.passkeys import Passkeys
from gatewright.identity.passkeys import check_name
from gatewright.identity.sessions import session_id
from gatewright.identity.webauthn_json import base64url
from gatewright.identity.webauthn_json import from_base64url
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.store import passkeys
from gatewright.store.records import Passkey
from gatewright.web.account_factors import FACTORS
from gatewright.web.account_factors import codes_page
from gatewright.web.account_factors import wrong_password
from gatewright.web.account_visit import AccountVisit

_PASSKEYS: Final = f"{FACTORS}/passkeys"


async def add(visit: AccountVisit) -> Response:
    """Add a passkey: a name and the password, then what the browser makes."""
    ours, name = _ours(visit), visit.field("name")
    if not visit.is_post:
        return _new_page(visit, browser_name(visit.browser.agent)[:LONGEST_NAME])
    try:
        if credential := visit.field("credential"):
            holder = session_id(visit.found.session)
            codes = await ours.register(visit.user, name, credential, holder, visit.now)
            return codes_page(visit, codes) if codes else visit.go(FACTORS, f"Passkey {check_name(name)} added.")
        check_name(name)
    except PasskeyRefused as refused:
        return _new_page(visit, name, str(refused), 422)
    if why_not := await wrong_password(visit):
        return _new_page(visit, name, *why_not)
    held = (await visit.read(second_factor.of_user, visit.user.id)).passkeys
    options = ours.registration_options(visit.user, held, session_id(visit.found.session))
    return visit.page(
        "account/passkey_new.html",
        name=check_name(name),
        passkey={"options": options, "origin": ours.party.origin},
        error="",
    )


async def rename(visit: AccountVisit) -> Response:
    """Give a passkey another name."""
    passkey = await _asked(visit)
    values, refused = {"name": passkey.name}, None
    if visit.is_post:
        values = {"name": visit.field("name")}
        try:
            name = check_name(values["name"])
            if not await visit.write(passkeys.rename, visit.user.id, passkey.credential_id, name):
                raise NotFound("There is no such passkey any more.")
            return visit.go(FACTORS, f"Passkey {name} saved.")
        except PasskeyRefused as error:
            refused = Invalid([FieldError("name", str(error))])
    return visit.form_page("account/passkey_rename.html", refused, id=base64url(passkey.credential_id), values=values)


async def remove(visit: AccountVisit) -> Response:
    """Remove a passkey, after asking."""
    passkey = await _asked(visit)
    if visit.is_post:
        if not await visit.write(second_factor.remove_passkey, visit.user, passkey.credential_id, visit.now):
            raise NotFound("There is no such passkey any more.")
        return visit.go(FACTORS, f"Passkey {passkey.name} removed.")
    found = await visit.read(second_factor.of_user, visit.user.id)
    is_last = found.app is None and len(found.passkeys) == 1
    return visit.ask(
        section="factors",
        trail=[("Passkeys and second factors", FACTORS)],
        heading=f"Remove passkey {passkey.name}?",
        sentences=[
            "It does not sign you in any more. Delete it from the device, too.",
            *(["Your password alone will be enough to sign in, for others too."] if is_last else []),
        ],
        action=f"{_PASSKEYS}/remove?id={base64url(passkey.credential_id)}",
        button="Remove passkey",
        cancel=FACTORS,
    )


def _ours(visit: AccountVisit) -> Passkeys:
    if visit.parts.passkeys is None:
        raise NotFound("There are no passkeys at this server's address: it needs a name and https (public_url).")
    return visit.parts.passkeys


async def _asked(visit: AccountVisit) -> Passkey:
    """The passkey that the address names, one's own."""
    found = await visit.read(passkeys.find, from_base64url(visit.query("id")))
    if found is None or found.user_id != visit.user.id:
        raise NotFound("There is no such passkey.")
    return found


def _new_page(visit: AccountVisit, name: str, error: str = "", status: int = 200) -> Response:
    return visit.page("account/passkey_new.html", status, name=name, passkey=None, error=error)
