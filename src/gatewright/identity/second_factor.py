"""Second factors: an authenticator app, passkeys, and recovery codes for when those are not at hand.

Whoever has an app or a passkey does not sign in by password alone any more. Seeds of apps are sealed under the
server's master key; recovery codes come with the first factor and go with the last.
"""

from collections.abc import Set as AbstractSet

import msgspec

from gatewright.identity import recovery_codes
from gatewright.identity import throttle
from gatewright.identity import totp
from gatewright.identity.administrative import ADMINISTRATIVE
from gatewright.identity.notes import note
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.secrets import PENDING_SIGN_IN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import is_well_formed
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import factors
from gatewright.store import passkeys
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Passkey
from gatewright.store.records import Totp
from gatewright.store.records import User

PENDING_SECONDS = 600
"""How long a sign-in waits for its second factor, and an enrolment for its first code."""


class Factors(msgspec.Struct, frozen=True):
    """What a user has beside the password."""

    app: Totp | None
    passkeys: tuple[Passkey, ...]
    recovery_codes: int

    def __bool__(self) -> bool:
        """Whether the password alone is not enough."""
        return self.app is not None or bool(self.passkeys)


class Enrolment(msgspec.Struct, frozen=True):
    """An authenticator app that has not given its first code yet; it travels sealed in the form."""

    seed: str
    expires_at: int


def is_required(settings: GlobalSettings, groups: AbstractSet[str]) -> bool:
    """Whether a member of these groups must have a second factor (`second_factor_required`)."""
    if settings.second_factor_required == "administrators":
        return not ADMINISTRATIVE.isdisjoint(groups)
    return settings.second_factor_required == "everybody"


async def stands_alone(database: Database, settings: GlobalSettings, user: User) -> bool:
    """Whether the user's password alone is enough: there is no second factor, and none must be."""
    if await database.read(of_user, user.id):
        return False
    return settings.second_factor_required == "nobody" or not is_required(
        settings, await database.read(users.groups, user.id)
    )


def of_user(transaction: Transaction, user_id: str) -> Factors:
    """The user's second factors."""
    return Factors(
        factors.find_totp(transaction, user_id),
        tuple(passkeys.of_user(transaction, user_id)),
        factors.count_recovery_codes(transaction, user_id),
    )


async def wait_for_factor(database: Database, user_id: str, now: int) -> str:
    """The password was right: the cookie value under which the sign-in waits for its second factor."""
    cookie = make_secret(PENDING_SIGN_IN)
    await database.write(factors.add_pending, digest(cookie), user_id, now + PENDING_SECONDS)
    return cookie


async def waiting_user(database: Database, cookie: str, now: int) -> User | None:
    """Whose sign-in waits under that cookie; None when it does not, no longer, or the user is disabled."""
    if not is_well_formed(cookie, PENDING_SIGN_IN):
        return None
    return await database.read(_waiting_user, digest(cookie), now)


async def end_waiting(database: Database, cookie: str) -> bool:
    """The second factor was right: the sign-in waits no more. Of any number of callers exactly one gets True."""
    return await database.write(factors.end_pending, digest(cookie))


async def use_code(
    database: Database, settings: GlobalSettings, sealer: Sealer, user: User, code: str, address: str, now: int
) -> str | None:
    """Use up a code of the user's app, or a recovery code; which it was, in words, or None when it is neither.

    address: the peer's. A failure is counted. Raises TooManyFailures, whether the code is right or not.
    """
    attempt = throttle.Attempt(kind="second_factor", name=user.id, address=address)
    async with throttle.in_turn(attempt):
        await throttle.refuse_if_blocked(database, settings, attempt, now)
        if await _use_code(database, sealer, user, code, now):
            return "code" if totp.looks_like_code(code) else "recovery code"
        await throttle.count_failure(database, settings, attempt, now)
        return None


def begin_app(sealer: Sealer, user: User, now: int) -> tuple[str, bytes]:
    """A new app's seed, and the sealed enrolment that its first code must come with."""
    seed = totp.make_seed()
    enrolment = msgspec.json.encode(Enrolment(seed, now + PENDING_SECONDS))
    return seed, sealer.seal(enrolment, _enrolment_context(user))


def open_enrolment(sealer: Sealer, user: User, sealed: bytes, now: int) -> Enrolment | None:
    """What `begin_app` sealed for this user; None when it did not, or too long ago."""
    opened = sealer.open(sealed, _enrolment_context(user))
    enrolment = msgspec.json.decode(opened, type=Enrolment) if opened else None
    return enrolment if enrolment and enrolment.expires_at > now else None


async def add_app(
    database: Database, sealer: Sealer, user: User, enrolment: Enrolment, code: str, now: int
) -> list[str] | None:
    """Keep the app if the code is its own; recovery codes to tell once, if these are the first. None: it is not."""
    step = totp.matching_step(enrolment.seed, code, now)
    if step is None:
        return None
    sealed = sealer.seal(enrolment.seed.encode(), _seed_context(user.id))
    kept = Totp(user_id=user.id, sealed=sealed, last_step=step, created_at=now)
    return await database.write(_add_app, user, kept, recovery_codes.make(), now)


def remove_app(transaction: Transaction, user: User, now: int) -> bool:
    """Remove the user's app; whether there was one."""
    removed = factors.remove_totp(transaction, user.id)
    if removed:
        note(transaction, user, "factor.remove", now, {"factor": "authenticator app"})
        _forget_codes_with_the_last(transaction, user)
    return removed


def remove_passkey(transaction: Transaction, user: User, credential_id: bytes, now: int) -> bool:
    """Remove a passkey of the user; whether there was one."""
    found = passkeys.find(transaction, credential_id)
    if found is None or not passkeys.remove(transaction, user.id, credential_id):
        return False
    note(transaction, user, "factor.remove", now, {"factor": "passkey", "name": found.name})
    _forget_codes_with_the_last(transaction, user)
    return True


def codes_with_the_first(transaction: Transaction, user: User, codes: list[str]) -> list[str]:
    """Make these the user's recovery codes if there are none; those that were made."""
    if factors.count_recovery_codes(transaction, user.id):
        return []
    factors.set_recovery_codes(transaction, user.id, [recovery_codes.digest(user.id, code) for code in codes])
    return codes


def renew_codes(transaction: Transaction, user: User, codes: list[str], now: int) -> None:
    """Make these the user's recovery codes, in place of all former ones."""
    factors.set_recovery_codes(transaction, user.id, [recovery_codes.digest(user.id, code) for code in codes])
    note(transaction, user, "recovery_codes.make", now)


def _waiting_user(transaction: Transaction, pending: bytes, now: int) -> User | None:
    user_id = factors.find_pending(transaction, pending, now)
    user = users.find(transaction, user_id) if user_id else None
    return user if user and user.enabled else None


async def _use_code(database: Database, sealer: Sealer, user: User, code: str, now: int) -> bool:
    if not totp.looks_like_code(code):
        return await database.write(_use_recovery_code, user, recovery_codes.digest(user.id, code), now)
    app = await database.read(factors.find_totp, user.id)
    seed = sealer.open(app.sealed, _seed_context(user.id)) if app else None
    step = totp.matching_step(seed.decode(), code, now) if seed else None
    # "The verifier MUST NOT accept the second attempt of the OTP" (RFC 6238 §5.2)
    return step is not None and await database.write(factors.use_step, user.id, step)


def _use_recovery_code(transaction: Transaction, user: User, code: bytes, now: int) -> bool:
    used = factors.use_recovery_code(transaction, user.id, code)
    if used:
        note(transaction, user, "recovery_code.use", now)
    return used


def _add_app(transaction: Transaction, user: User, app: Totp, codes: list[str], now: int) -> list[str]:
    factors.save_totp(transaction, app)
    note(transaction, user, "factor.add", now, {"factor": "authenticator app"})
    return codes_with_the_first(transaction, user, codes)


def _forget_codes_with_the_last(transaction: Transaction, user: User) -> None:
    if not of_user(transaction, user.id):
        factors.set_recovery_codes(transaction, user.id, ())


def _seed_context(user_id: str) -> bytes:
    return f"totp:{user_id}".encode()


def _enrolment_context(user: User) -> bytes:
    return f"totp enrolment:{user.id}".encode()
