"""`/account/factors`: what a user has beside the password; the authenticator app and the recovery codes."""

from base64 import urlsafe_b64decode
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import urlsplit

import markupsafe
from starlette.responses import Response

from gatewright.identity import recovery_codes
from gatewright.identity import second_factor
from gatewright.identity import totp
from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.users import verify_password
from gatewright.identity.webauthn_json import base64url
from gatewright.kernel.errors import NotFound
from gatewright.web.account_visit import AccountVisit
from gatewright.web.sessions import remembered_target

FACTORS: Final = "/account/factors"
_NOT_ITS_CODE: Final = "This is not the code that the app shows for this key. Check that the device's clock is right."
_TOO_LATE: Final = "This took too long. Begin again; the key before is void."


async def show(visit: AccountVisit) -> Response:
    """What the user has beside the password."""
    found = await visit.read(second_factor.of_user, visit.user.id)
    return visit.page(
        "account/factors.html",
        factors=found,
        passkeys=[{"id": base64url(each.credential_id), "passkey": each} for each in found.passkeys],
        address=visit.parts.passkeys.party.origin if visit.parts.passkeys else "",
        is_needed=visit.found.lacks == "factor",
    )


async def add_app(visit: AccountVisit) -> Response:
    """Set up an authenticator app: the password, then the key as a picture, then the app's first code."""
    if not visit.is_post:
        return _password_page(visit)
    if "enrolment" in visit.form:
        return await _first_code(visit)
    if refused := await wrong_password(visit):
        return _password_page(visit, *refused)
    seed, sealed = second_factor.begin_app(visit.parts.sealer, visit.user, visit.now)
    return _key_page(visit, seed, urlsafe_b64encode(sealed).decode())


async def remove_app(visit: AccountVisit) -> Response:
    """Remove the app, after asking."""
    if visit.is_post:
        if not await visit.write(second_factor.remove_app, visit.user, visit.now):
            raise NotFound("There is no authenticator app any more.")
        return visit.go(FACTORS, "Authenticator app removed.")
    left = await visit.read(second_factor.of_user, visit.user.id)
    sentence = (
        "Your passkeys stay." if left.passkeys else "Your password alone will be enough to sign in, for others too."
    )
    return visit.ask(
        section="factors",
        trail=[("Passkeys and second factors", FACTORS)],
        heading="Remove your authenticator app?",
        sentences=["Its codes do not work any more.", sentence],
        action=f"{FACTORS}/app/remove",
        button="Remove app",
        cancel=FACTORS,
    )


async def renew_codes(visit: AccountVisit) -> Response:
    """Make new recovery codes, after asking, and tell them once."""
    found = await visit.read(second_factor.of_user, visit.user.id)
    if not found:
        raise NotFound("Recovery codes come with your first passkey or authenticator app.")
    if visit.is_post:
        codes = recovery_codes.make()
        await visit.write(second_factor.renew_codes, visit.user, codes, visit.now)
        return codes_page(visit, codes)
    return visit.ask(
        section="factors",
        trail=[("Passkeys and second factors", FACTORS)],
        heading="Make new recovery codes?",
        sentences=[f"The {found.recovery_codes} that are left stop working, wherever you keep them."],
        action=f"{FACTORS}/recovery",
        button="Make new codes",
        danger=False,
        cancel=FACTORS,
    )


def codes_page(visit: AccountVisit, codes: list[str]) -> Response:
    """New recovery codes, told once."""
    return visit.page("account/recovery_codes.html", codes=codes, target=remembered_target(visit.request, FACTORS))


async def wrong_password(visit: AccountVisit) -> tuple[str, int] | None:
    """Why the form's `password` is not taken, and the status; None when it is the user's."""
    settings = await visit.parts.directory.settings()
    try:
        user = await verify_password(
            visit.parts.database, settings, visit.user.name, visit.field("password"), visit.browser.address, visit.now
        )
    except TooManyFailures as error:
        return str(error), 429
    return None if user else ("This is not your password.", 422)


async def _first_code(visit: AccountVisit) -> Response:
    parts, text = visit.parts, visit.field("enrolment")
    enrolment = second_factor.open_enrolment(parts.sealer, visit.user, _bytes(text), visit.now)
    if enrolment is None:
        return _password_page(visit, _TOO_LATE, 422)
    codes = await second_factor.add_app(
        parts.database, parts.sealer, visit.user, enrolment, visit.field("code"), visit.now
    )
    if codes is None:
        return _key_page(visit, enrolment.seed, text, _NOT_ITS_CODE)
    return codes_page(visit, codes) if codes else visit.go(FACTORS, "Authenticator app set up.")


def _password_page(visit: AccountVisit, error: str = "", status: int = 200) -> Response:
    return visit.page("account/app_password.html", status, error=error)


def _key_page(visit: AccountVisit, seed: str, enrolment: str, error: str = "") -> Response:
    host = urlsplit(visit.parts.server.issuer).netloc
    uri = totp.enrolment_uri(seed, visit.user.name, f"Gatewright {host}")
    return visit.page(
        "account/app_key.html",
        422 if error else 200,
        picture=_picture(uri),
        key=" ".join(seed[start : start + 4] for start in range(0, len(seed), 4)),
        enrolment=enrolment,
        error=error,
    )


def _picture(text: str) -> markupsafe.Markup:
    import segno

    svg = segno.make(text, error="m").svg_inline(scale=5, light="#fff")
    return markupsafe.Markup(svg)  # noqa: S704 (made of numbers by the library)


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode(errors="surrogatepass"))
    except ValueError:
        return b""
