"""The composition root: builds the parts of one process from its settings, starts and stops them."""

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog

from gatewright.admin import registration
from gatewright.admin.actor import By
from gatewright.app.disk_versions import DiskVersions
from gatewright.app.guesses import Guesses
from gatewright.app.outgoing import WayOut
from gatewright.app.refusals import Refusals
from gatewright.app.reporter import Reporter
from gatewright.app.shared_packages import SharedPackages
from gatewright.app.tracing import spans_from_environment
from gatewright.identity.passkeys import passkeys_of
from gatewright.kernel.clock import Clock
from gatewright.kernel.clock import system_clock
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import StartupError
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.fetching import Fetcher
from gatewright.kernel.sealing import fingerprint_of
from gatewright.kernel.sealing import load_master_key
from gatewright.kernel.sealing import master_sealer
from gatewright.kernel.settings import ServerSettings
from gatewright.kernel.telemetry import Activity
from gatewright.oauth.dpop_nonce import DpopNonces
from gatewright.oauth.keys import KeyRing
from gatewright.oauth.server import AuthorizationServer
from gatewright.services.caller_token import CallerTokens
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.descriptions import Descriptions
from gatewright.services.documents import DocumentKeeper
from gatewright.services.guard import Guard
from gatewright.services.invocation import Runtime
from gatewright.services.loader import Loader
from gatewright.services.quotas import Quotas
from gatewright.services.rates import Rates
from gatewright.services.resource import served
from gatewright.services.upstreams import Upstreams
from gatewright.services.watcher import Watcher
from gatewright.store import activity
from gatewright.store import cleanup
from gatewright.store import failing_runs
from gatewright.store import master_key
from gatewright.store import refusals
from gatewright.store.database import Database
from gatewright.store.database import P
from gatewright.store.database import Verb
from gatewright.store.directory import Directory
from gatewright.store.open import open_database

_CLEANUP_SECONDS: Final = 15  # lists of tokens read past what waits for it
_KEYS_SECONDS: Final = 60
_MOST_BATCHES: Final = 5000
_BETWEEN_BATCHES: Final = 0.02  # seconds that belong to requests; fewer while batches are quick
_OF_REQUESTS: Final = 4  # times as long as a batch took
_CHANGES_KEPT: Final = 3600  # seconds
_MINUTES_KEPT: Final = 2 * 86_400  # seconds
_HOURS_KEPT: Final = 31 * 86_400  # seconds
_log = structlog.get_logger("gatewright.app")


class Parts:
    """Everything a process serves requests with. Made by `start`, let go by `stop`."""

    def __init__(
        self,
        settings: ServerSettings,
        workspace: Path,
        database: Database,
        clock: Clock,
        builtins: Iterable[Service] = (),
    ) -> None:
        self.settings = settings
        self.workspace = workspace
        self.draining = False
        self.database = database
        self.clock = clock
        self.packages_folder = workspace / "packages"
        self.sealer = master_sealer(workspace, dict(os.environ))
        master_key = load_master_key(workspace, dict(os.environ))
        self.directory = Directory(database)
        self.activity = Activity()
        self.spans = spans_from_environment(os.environ)
        self.way_out = WayOut(database, self.directory, self.sealer, clock, workspace)
        self.server = AuthorizationServer(
            database,
            self.directory,
            clock,
            settings.issuer,
            KeyRing(database, self.directory, self.sealer, clock),
            DpopNonces(master_key, clock),
            self.sealer,
            Fetcher(self.way_out.private_hosts, clock),
            lambda path: served(path, self.catalogue),
            self.activity,
        )
        self.passkeys = passkeys_of(settings.issuer, database, master_key, clock)
        self.guard = Guard(self.server)
        self.rates = Rates(time.monotonic)
        self.descriptions = Descriptions()
        self.quotas = Quotas(database, clock)
        self.refusals = Refusals(database, self.directory, clock)
        self.guesses = Guesses()
        self.runtime = Runtime(
            outgoing=self.way_out.outgoing,
            connections=self.way_out.connections,
            upstreams=Upstreams(CallerTokens(self.server.keys.sign, settings.issuer, clock)),
            activity=self.activity,
            spans=self.spans,
        )
        self.reporter = Reporter(self.runtime, database, self.directory, clock)
        self.shared = SharedPackages(database, self.packages_folder, active=settings.database != "sqlite")
        self.watcher = Watcher(
            Loader(self.packages_folder, builtins),
            self._publish,
            before=self.shared.follow,
            disabled=self.directory.disabled,
            position=database.feed.position,
        )
        self.documents = DocumentKeeper(self.runtime.outgoing, clock)
        self.disk_versions = DiskVersions(database, self.packages_folder, clock)
        self.catalogue = Catalogue()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls,
        settings: ServerSettings,
        workspace: Path,
        clock: Clock = system_clock,
        builtins: Iterable[Service] = (),
    ) -> "Parts":
        """Open the database, load the packages and begin to watch them. Raises StartupError.

        builtins: services that are there beside the packages'.
        """
        parts = cls(settings, workspace, await open_database(settings.database, workspace), clock, builtins)
        await parts._confirm_master_key()
        await parts.watcher.refresh()
        parts._tasks = [
            asyncio.create_task(parts.watcher.run()),
            asyncio.create_task(parts.documents.run()),
            asyncio.create_task(parts.disk_versions.run()),
            asyncio.create_task(parts._clean_up()),
            asyncio.create_task(parts._keep_keys()),
            asyncio.create_task(parts.reporter.run()),
            asyncio.create_task(parts.refusals.run()),
        ]
        return parts

    async def _confirm_master_key(self) -> None:
        """Under another master key, what is sealed in the store would be lost one by one, and unnoticed."""
        fingerprint = fingerprint_of(load_master_key(self.workspace, dict(os.environ)))
        if not await self.database.write(master_key.confirm, fingerprint):
            await self.database.close()
            raise StartupError(
                "this is not the master key that the store's secrets are sealed under; put the right one into"
                f" {self.workspace / 'data' / 'master.key'} or GATEWRIGHT_MASTER_KEY"
            )

    async def stop(self) -> None:
        """Finish what is waiting and let go of everything."""
        for task in self._tasks:
            task.cancel()
        await self.reporter.flush()
        if self.spans is not None:
            await asyncio.to_thread(self.spans.close)
        await self.refusals.flush()
        await self.runtime.close()
        await self.server.fetcher.close()
        await self.database.close()

    async def _clean_up(self) -> None:
        """Remove what has expired, in small batches, for as long as the process lives."""
        while True:
            await asyncio.sleep(_CLEANUP_SECONDS)
            try:
                await self._in_batches(cleanup.expired_rows, self.clock())
                await self._in_batches(activity.forget, self.clock() - _MINUTES_KEPT)
                await self._in_batches(activity.forget_hours, self.clock() - _HOURS_KEPT)
                kept = (await self.directory.settings()).failing_run_lifetime
                await self._in_batches(failing_runs.forget, self.clock() - kept)
                await self.remove_unused_clients()
                await self.remove_old_refusals()
                await self.database.write(cleanup.old_changes, self.clock() - _CHANGES_KEPT)
            except Unavailable as error:
                _log.warning("clean-up put off", reason=str(error))

    async def _in_batches(self, remove: Verb[P, int], *args: P.args, **kwargs: P.kwargs) -> None:
        for _ in range(_MOST_BATCHES):
            began = time.monotonic()
            if not await self.database.write(remove, *args, **kwargs):
                break
            await asyncio.sleep(min(_BETWEEN_BATCHES, _OF_REQUESTS * (time.monotonic() - began)))

    async def remove_unused_clients(self) -> None:
        """Remove clients that registered themselves and hold no token (`dynamic_registration_unused`)."""
        for _ in range(_MOST_BATCHES):
            if not await self.database.write(registration.remove_unused, By(registration.ACTOR, self.clock())):
                break
            await asyncio.sleep(_BETWEEN_BATCHES)

    async def remove_old_refusals(self) -> None:
        """Remove receipts of refused requests that are too old or too many."""
        settings = await self.directory.settings()
        before = self.clock() - settings.refusal_lifetime
        await self._in_batches(refusals.remove_old, before, settings.refusals_kept)

    async def _keep_keys(self) -> None:
        """Make, announce and retire signing keys in time, for as long as the process lives."""
        while True:
            try:
                await self.server.keys.keep()
            except GatewrightError as error:
                _log.warning("signing keys not looked after", reason=str(error))
            await asyncio.sleep(_KEYS_SECONDS)

    def _publish(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.documents.follow(catalogue)
        self.disk_versions.follow(catalogue)
