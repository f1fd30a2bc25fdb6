"""Passkeys: registering an authenticator and signing in with it (Web Authentication Level 2).

The browser's part is `console/assets/src/passkeys.ts`. Whoever calls gives the challenge's holder: what ties it to the
browser it was given to.
"""

import ipaddress
from typing import Any
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from gatewright.identity import recovery_codes
from gatewright.identity.challenges import Challenges
from gatewright.identity.challenges import Purpose
from gatewright.identity.challenges import use_up
from gatewright.identity.notes import note
from gatewright.identity.second_factor import codes_with_the_first
from gatewright.identity.webauthn_json import Credential
from gatewright.identity.webauthn_json import base64url
from gatewright.identity.webauthn_json import read_credential
from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import GatewrightError
from gatewright.store import passkeys
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Passkey
from gatewright.store.records import User

MOST: Final = 20
"""How many passkeys a user may have."""
LONGEST_NAME: Final = 60
_TIMEOUT: Final = 300_000  # milliseconds that the browser waits for the person
_log = structlog.get_logger("gatewright.passkeys")


class PasskeyRefused(GatewrightError):
    """A passkey that is not taken. `str()` is for the person; nothing there helps whoever guesses."""


class RelyingParty(msgspec.Struct, frozen=True):
    """Whom a passkey is for (§5.1.2 `rp.id`): the issuer's host, at the issuer's origin alone."""

    id: str
    origin: str


def relying_party(issuer: str) -> RelyingParty | None:
    """The relying party of that issuer; None where browsers have no passkeys: addresses, and plain http but for localhost."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    if not host or _is_address(host) or (parts.scheme != "https" and host != "localhost"):
        return None
    return RelyingParty(host, f"{parts.scheme}://{parts.netloc}")


class Passkeys:
    """Registers and recognises passkeys for one relying party."""

    def __init__(self, database: Database, challenges: Challenges, party: RelyingParty) -> None:
        self.party = party
        self._database = database
        self._challenges = challenges

    def registration_options(self, user: User, held: tuple[Passkey, ...], holder: str) -> str:
        """The options for `navigator.credentials.create` (§5.4), as JSON. held: what the user has already."""
        options = {
            "rp": {"id": self.party.id, "name": "Gatewright"},
            "user": {"id": base64url(user.id.encode()), "name": user.name, "displayName": user.name},
            "challenge": base64url(self._challenges.give("register", holder)),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in (-8, -7, -257)],
            "timeout": _TIMEOUT,
            "excludeCredentials": _descriptors(held),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "preferred",
            },
            "attestation": "none",
        }
        return msgspec.json.encode(options).decode()

    def options(self, purpose: Purpose, holder: str, held: tuple[Passkey, ...] = ()) -> str:
        """The options for `navigator.credentials.get` (§5.5), as JSON. held: those that will do; none: any of ours."""
        options = {
            "rpId": self.party.id,
            "challenge": base64url(self._challenges.give(purpose, holder)),
            "timeout": _TIMEOUT,
            "allowCredentials": _descriptors(held),
            "userVerification": _verification(purpose),
        }
        return msgspec.json.encode(options).decode()

    async def register(self, user: User, name: str, text: str, holder: str, now: int) -> list[str]:
        """Keep a new passkey (§7.1); recovery codes to tell once, if it is the first factor.

        text: the credential as JSON.  Raises PasskeyRefused.
        """
        from webauthn import verify_registration_response

        credential = self._expected(text, "register", holder)
        try:
            verified = verify_registration_response(
                credential=text,
                expected_challenge=credential.challenge,
                expected_rp_id=self.party.id,
                expected_origin=self.party.origin,
            )
        except Exception as error:
            raise _refused(error) from error
        passkey = Passkey(
            credential_id=verified.credential_id,
            user_id=user.id,
            name=check_name(name),
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=credential.transports,
            backed_up=verified.credential_backed_up,
            created_at=now,
        )
        try:
            return await self._database.write(
                _register, user, passkey, credential.challenge, recovery_codes.make(), now
            )
        except Conflict as error:
            raise PasskeyRefused("This passkey is registered already.") from error

    async def recognise(self, text: str, purpose: Purpose, holder: str, now: int, user: User | None = None) -> User:
        """Whose passkey answered the challenge (§7.2). Each challenge is taken once.

        text: the credential as JSON.  user: the one who must be meant; None: whoever it is.  Raises PasskeyRefused.
        """
        from webauthn import verify_authentication_response

        credential = self._expected(text, purpose, holder)
        passkey = await self._database.read(passkeys.find, credential.id)
        if passkey is None or (user is not None and passkey.user_id != user.id):
            raise PasskeyRefused("This passkey is not registered here.")
        # Step 6: "verify that the user identified … is the owner of credentialSource"
        if credential.user_handle not in (None, passkey.user_id.encode()):
            raise PasskeyRefused("This passkey is not registered here.")
        try:
            verified = verify_authentication_response(
                credential=text,
                expected_challenge=credential.challenge,
                expected_rp_id=self.party.id,
                expected_origin=self.party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # compared in the write below, so that of two racing answers one counts
                require_user_verification=_verification(purpose) == "required",
            )
        except Exception as error:
            raise _refused(error) from error
        outcome = await self._database.write(_use, passkey, credential.challenge, verified.new_sign_count, now)
        if isinstance(outcome, str):
            _log.warning("passkey refused", user_id=passkey.user_id, reason=outcome)
            raise PasskeyRefused(outcome)
        return outcome

    def _expected(self, text: str, purpose: Purpose, holder: str) -> Credential:
        """The credential, its challenge known to be ours."""
        credential = read_credential(text)
        if credential is None:
            raise PasskeyRefused("The browser's answer cannot be read.")
        if not self._challenges.is_ours(purpose, holder, credential.challenge):
            raise PasskeyRefused("This page was open too long. Please try again.")
        return credential


def passkeys_of(issuer: str, database: Database, master_key: bytes, clock: Clock) -> Passkeys | None:
    """The passkeys of that issuer; None where browsers have none."""
    party = relying_party(issuer)
    return Passkeys(database, Challenges(master_key, clock), party) if party else None


def passkey_asked(
    passkeys: Passkeys | None, purpose: Purpose, holder: str, held: tuple[Passkey, ...] = ()
) -> dict[str, str] | None:
    """What a page's button needs to ask for a passkey; None where there are none."""
    if passkeys is None:
        return None
    return {"options": passkeys.options(purpose, holder, held), "origin": passkeys.party.origin}


def check_name(name: str) -> str:
    """The name of a passkey, without blanks around it. Raises PasskeyRefused."""
    text = name.strip()
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise PasskeyRefused(f"Name has 1 to {LONGEST_NAME} printable characters.")
    return text


def _register(
    transaction: Transaction, user: User, passkey: Passkey, challenge: bytes, codes: list[str], now: int
) -> list[str]:
    if not use_up(transaction, challenge, now):
        raise PasskeyRefused("This page was used already. Please begin again.")
    if len(passkeys.of_user(transaction, user.id)) >= MOST:
        raise PasskeyRefused(f"A user may have {MOST} passkeys; remove one first.")
    passkeys.insert(transaction, passkey)
    note(transaction, user, "factor.add", now, {"factor": "passkey", "name": passkey.name})
    return codes_with_the_first(transaction, user, codes)


def _use(transaction: Transaction, passkey: Passkey, challenge: bytes, sign_count: int, now: int) -> User | str:
    """The passkey's user, or why it is not taken."""
    user = users.find(transaction, passkey.user_id)
    if user is None or not user.enabled:
        return "This passkey is not registered here."
    if not use_up(transaction, challenge, now):
        return "This page was used already. Please try again."
    if not passkeys.use(transaction, passkey.credential_id, sign_count, now):
        # Step 21: "a signal that the authenticator may be cloned"
        note(transaction, user, "passkey.counter_went_back", now, {"name": passkey.name, "counter": sign_count})
        return "This passkey's counter went back, as a copy's would. Sign in otherwise, and remove it."
    return user


def _descriptors(held: tuple[Passkey, ...]) -> list[dict[str, Any]]:
    return [
        {"type": "public-key", "id": base64url(each.credential_id), "transports": list(each.transports)}
        for each in held
    ]


def _verification(purpose: Purpose) -> str:
    """A passkey alone must prove possession and person; after a password, possession is enough."""
    return "discouraged" if purpose == "second factor" else "required"


def _refused(error: Exception) -> PasskeyRefused:
    _log.info("passkey refused", reason=str(error))
    return PasskeyRefused("This passkey is not taken here.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
