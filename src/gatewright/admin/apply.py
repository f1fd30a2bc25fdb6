"""`gatewright apply`: bring what is kept to what a file says, in one transaction, or only say what that would change.

The plan is made by doing: the same operations run in both cases, and a plan's transaction is taken back.
An absent field has the form's default on creation and stays as it is on change.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager

import msgspec

from gatewright.admin import acls
from gatewright.admin import associations
from gatewright.admin import clients
from gatewright.admin import connections
from gatewright.admin import external_servers
from gatewright.admin import groups
from gatewright.admin import prune as pruning
from gatewright.admin import scopes
from gatewright.admin import settings
from gatewright.admin import trusted_issuers
from gatewright.admin import users
from gatewright.admin import widening
from gatewright.admin.actor import By
from gatewright.admin.client_rules import NEW
from gatewright.admin.client_rules import read_client
from gatewright.admin.configuration import ClientEntry
from gatewright.admin.configuration import Configuration
from gatewright.admin.configuration import ConnectionEntry
from gatewright.admin.configuration import ExternalServerEntry
from gatewright.admin.configuration import FromEnvironment
from gatewright.admin.configuration import Refused
from gatewright.admin.configuration import ScopeEntry
from gatewright.admin.configuration import TrustedIssuerEntry
from gatewright.admin.configuration import UserEntry
from gatewright.admin.plan import Line
from gatewright.admin.plan import Outcome
from gatewright.admin.plan import difference as changed
from gatewright.admin.plan import differences
from gatewright.admin.prepare import Prepared
from gatewright.admin.prepare import find_client
from gatewright.admin.prepare import prepare
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import Invalid
from gatewright.services.catalogue import Catalogue
from gatewright.services.connections import Secrets
from gatewright.services.widening import Difference
from gatewright.services.widening import difference
from gatewright.store import access
from gatewright.store import clients as client_store
from gatewright.store import connections as connection_store
from gatewright.store import external_servers as external_store
from gatewright.store import scopes as scope_store
from gatewright.store import trusted_issuers as issuer_store
from gatewright.store import users as user_store
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.records import Scope


async def apply(
    database: Database,
    by: By,
    configuration: Configuration,
    catalogue: Catalogue,
    environment: Mapping[str, str],
    *,
    prune: bool = False,
    plan_only: bool = False,
    fail_on_widening: bool = False,
) -> Outcome:
    """Apply a file whole or not at all; what changed. Raises Refused, Widens.

    prune: also remove what the file's lists do not name.  plan_only: change nothing.
    fail_on_widening: change nothing when it would let somebody call what it could not.
    """
    prepared = await prepare(database, configuration, environment)
    try:
        outcome = await database.write(
            _apply, by, configuration, catalogue, prepared, prune, plan_only, fail_on_widening
        )
    except _OnlyPlanned as planned:
        outcome = planned.outcome
    if fail_on_widening and outcome.widens:
        raise Widens(outcome)
    return outcome


class Widens(GatewrightError):
    """It would let somebody call what it could not, and that was not to be. Nothing was changed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"nothing was changed: {' '.join(outcome.reach[:3])}")
        self.outcome = outcome


class _OnlyPlanned(Exception):
    """Takes the transaction back and brings the plan out."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def _apply(
    transaction: Transaction,
    by: By,
    configuration: Configuration,
    catalogue: Catalogue,
    prepared: Prepared,
    prune: bool,
    plan_only: bool,
    fail_on_widening: bool,
) -> Outcome:
    before = widening.load(transaction)
    application = _Application(transaction, by, configuration, catalogue, prepared)
    application.run()
    lines = application.lines
    if prune:
        lines += pruning.prune(transaction, by, configuration, application.client_ids)
    found = difference(before, widening.load(transaction), catalogue) if lines else Difference()
    reach = (*found.sentences(), *found.names(widening.labels(transaction, found)))
    outcome = Outcome(tuple(lines), application.secrets, application.passwords, reach, found.widens)
    if plan_only or (fail_on_widening and found.widens):
        raise _OnlyPlanned(outcome)
    return outcome


class _Application:
    """One run over a configuration, inside one transaction."""

    def __init__(
        self, transaction: Transaction, by: By, configuration: Configuration, catalogue: Catalogue, prepared: Prepared
    ) -> None:
        self._transaction, self._by, self._catalogue = transaction, by, catalogue
        self._configuration, self._prepared = configuration, prepared
        self._problems: list[str] = []
        self.lines: list[Line] = []
        self.secrets: dict[str, str] = {}
        self.passwords: dict[str, str] = {}
        self.client_ids: set[str] = set()

    def run(self) -> None:
        """Part after part; a part that names others comes after theirs. Stops after the first part with problems."""
        for part in (
            self._groups,
            self._users,
            self._scopes,
            self._settings,
            self._clients,
            self._acls,
            self._trusted_issuers,
            self._external_servers,
            self._connections,
        ):
            part()
            if self._problems:
                raise Refused(self._problems)

    @contextmanager
    def _entry(self, pointer: str) -> Iterator[None]:
        """Turns what an operation refuses into problems with their places in the file."""
        try:
            yield
        except Invalid as refusal:
            self._problems += [
                self._configuration.problem(f"{pointer}/{error.field}", f"{error.field}: {error.message}")
                for error in refusal.errors
            ]
        except GatewrightError as refusal:
            self._problems.append(self._configuration.problem(pointer, str(refusal)))

    def _settings(self) -> None:
        if self._configuration.settings is None:
            return
        with self._entry("/settings"):
            before = settings.load(self._transaction)
            after = settings.read_settings(self._configuration.settings, before)
            settings.change(self._transaction, self._by, after)
            self._changed("settings", "", list(differences(before, after)))

    def _groups(self) -> None:
        known = {group.name: group for group in access.all_groups(self._transaction)}
        for entry in self._configuration.groups or ():
            with self._entry(entry.pointer):
                before = known.get(entry.name)
                if before is None:
                    groups.create(self._transaction, self._by, entry.name, entry.description or "")
                    self.lines.append(Line("+", "group", entry.name))
                elif entry.description is not None:
                    groups.describe(self._transaction, self._by, entry.name, entry.description)
                    after = msgspec.structs.replace(before, description=entry.description)
                    self._changed("group", entry.name, list(differences(before, after)))

    def _users(self) -> None:
        for entry in self._configuration.users or ():
            with self._entry(entry.pointer):
                if user_store.find_named(self._transaction, entry.name) is None:
                    self._create_user(entry)
                else:
                    self._change_user(entry)

    def _create_user(self, entry: UserEntry) -> None:
        chosen = self._prepared.hashes.get(entry.pointer)
        password_hash = chosen or self._prepared.made_hashes[entry.pointer]
        user = users.create(
            self._transaction,
            self._by,
            entry.name,
            password_hash,
            groups=entry.groups or (),
            must_change_password=chosen is None,
        )
        if entry.enabled is False:
            users.set_enabled(self._transaction, self._by, user.id, False)
        if chosen is None:
            self.passwords[entry.name] = self._prepared.made_passwords[entry.pointer]
        self.lines.append(Line("+", "user", entry.name))

    def _change_user(self, entry: UserEntry) -> None:
        user, changes = users.find_named(self._transaction, entry.name), []
        before = tuple(sorted(user_store.groups(self._transaction, user.id)))
        if entry.groups is not None and set(entry.groups) != set(before):
            users.set_groups(self._transaction, self._by, user.id, entry.groups)
            changes.append(changed("groups", before, sorted(entry.groups)))
        if entry.enabled is not None and entry.enabled != user.enabled:
            users.set_enabled(self._transaction, self._by, user.id, entry.enabled)
            changes.append(changed("enabled", user.enabled, entry.enabled))
        if password_hash := self._prepared.hashes.get(entry.pointer):
            users.set_password(self._transaction, self._by, user.id, password_hash, must_change_password=False)
            changes.append("password changed")
        self._changed("user", entry.name, changes)

    def _scopes(self) -> None:
        for entry in self._configuration.scopes or ():
            with self._entry(entry.pointer):
                self._scope(entry)

    def _scope(self, entry: ScopeEntry) -> None:
        before = scope_store.find(self._transaction, entry.name)
        after = scopes.read_scope(entry.values, before or Scope(name=entry.name))
        if before is None:
            scopes.create(self._transaction, self._by, after, self._catalogue)
            self.lines.append(Line("+", "scope", entry.name))
        else:
            scopes.update(self._transaction, self._by, after, self._catalogue)
            self._changed("scope", entry.name, list(differences(before, after)))

    def _clients(self) -> None:
        for entry in self._configuration.clients or ():
            with self._entry(entry.pointer):
                before = find_client(self._transaction, entry)
                if before is None:
                    self._create_client(entry)
                elif before.client_id in self.client_ids:
                    self._problems.append(
                        self._configuration.problem(entry.pointer, f"the client {before.label} is already given above")
                    )
                else:
                    self._change_client(entry, before)

    def _create_client(self, entry: ClientEntry) -> None:
        client = read_client(entry.values, msgspec.structs.replace(NEW, client_id=entry.client_id or ""))
        saved = clients.create(
            self._transaction,
            self._by,
            client,
            scopes=entry.scopes or (),
            groups=entry.groups or (),
            secret_hash=self._prepared.hashes.get(entry.pointer),
        )
        self.client_ids.add(saved.client.client_id)
        name = entry.client_id or saved.client.label
        if saved.secret:
            self.secrets[saved.client.client_id] = saved.secret
        self.lines.append(Line("+", "client", name))

    def _change_client(self, entry: ClientEntry, before: Client) -> None:
        client_id, changes = before.client_id, []
        self.client_ids.add(client_id)
        had = client_store.scopes(self._transaction, client_id)
        if entry.scopes is not None and set(entry.scopes) != set(had):
            associations.set_client_scopes(self._transaction, self._by, client_id, entry.scopes)
            changes.append(changed("scopes", had, sorted(entry.scopes)))
        # Found again: a scope that is no longer associated is no default scope either.
        present = clients.find(self._transaction, client_id)
        saved = clients.update(self._transaction, self._by, read_client(entry.values, present))
        changes[:0] = differences(before, saved.client)
        changes += self._client_groups(entry, client_id)
        if secret_hash := self._prepared.hashes.get(entry.pointer):
            clients.new_secret(self._transaction, self._by, client_id, secret_hash=secret_hash)
            changes.append("secret changed")
        elif saved.secret:
            self.secrets[client_id] = saved.secret
        self._changed("client", entry.client_id or before.label, changes)

    def _client_groups(self, entry: ClientEntry, client_id: str) -> list[str]:
        had = tuple(sorted(client_store.groups(self._transaction, client_id)))
        if entry.groups is None or set(entry.groups) == set(had):
            return []
        clients.set_groups(self._transaction, self._by, client_id, entry.groups)
        return [changed("groups", had, sorted(entry.groups))]

    def _acls(self) -> None:
        for entry in self._configuration.acls or ():
            with self._entry(entry.pointer):
                before = access.all_acls(self._transaction).get(entry.target)
                acls.save(self._transaction, self._by, entry.target, entry.execute, self._catalogue)
                if before is None:
                    self.lines.append(Line("+", "acl", entry.target))
                elif set(before) != set(entry.execute):
                    self._changed("acl", entry.target, [changed("execute", before, sorted(entry.execute))])

    def _trusted_issuers(self) -> None:
        for entry in self._configuration.trusted_issuers or ():
            with self._entry(entry.pointer):
                self._trusted_issuer(entry)

    def _trusted_issuer(self, entry: TrustedIssuerEntry) -> None:
        before = issuer_store.find(self._transaction, entry.issuer)
        after = trusted_issuers.read_issuer(entry.values, before or trusted_issuers.NEW)
        if before is None:
            trusted_issuers.create(self._transaction, self._by, after)
            self.lines.append(Line("+", "trusted issuer", entry.issuer))
        else:
            trusted_issuers.update(self._transaction, self._by, after)
            self._changed("trusted issuer", entry.issuer, list(differences(before, after)))

    def _external_servers(self) -> None:
        for entry in self._configuration.external_servers or ():
            with self._entry(entry.pointer):
                self._external_server(entry)

    def _external_server(self, entry: ExternalServerEntry) -> None:
        before = external_store.find(self._transaction, entry.name)
        given = external_servers.read_server(entry.values, before or external_servers.NEW)
        secret = self._prepared.secrets.get(entry.pointer, "")
        if before is None:
            external_servers.create(self._transaction, self._by, given, user=entry.user or "", client_secret=secret)
            self.lines.append(Line("+", "external authorization server", entry.name))
            return
        former = external_servers.user_name(self._transaction, before)
        after = external_servers.update(self._transaction, self._by, given, user=entry.user, client_secret=secret)
        changes = list(differences(before, msgspec.structs.replace(given, user_id=before.user_id)))
        if entry.user is not None and entry.user != former:
            changes.append(changed("user", former, entry.user))
        if after.sealed_secret != before.sealed_secret:
            changes.append("client_secret changed")
        self._changed("external authorization server", entry.name, changes)

    def _connections(self) -> None:
        for entry in self._configuration.connections or ():
            with self._entry(entry.pointer):
                self._connection(entry)

    def _connection(self, entry: ConnectionEntry) -> None:
        before = connection_store.find(self._transaction, entry.name)
        given = connections.read_connection(entry.values, before or connections.NEW)
        secrets = Secrets(self._secret(entry.secret), self._secret(entry.refresh_token))
        if before is None:
            connections.create(self._transaction, self._by, given, secrets)
            self.lines.append(Line("+", "connection", entry.name))
            return
        after = connections.update(self._transaction, self._by, given, secrets)
        changes = list(differences(before, given))
        if after.sealed != before.sealed:
            changes.append("secret changed")
        self._changed("connection", entry.name, changes)

    def _secret(self, source: FromEnvironment | None) -> str:
        return self._prepared.secrets.get(source.pointer, "") if source else ""

    def _changed(self, kind: str, name: str, changes: list[str]) -> None:
        if changes:
            self.lines.append(Line("~", kind, name, tuple(changes)))
