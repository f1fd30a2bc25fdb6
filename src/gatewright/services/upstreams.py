"""The ways to all upstreams of a process, kept from one catalogue to the next."""

from gatewright.services.caller import Caller
from gatewright.services.caller_token import CallerTokens
from gatewright.services.errors import ServiceError
from gatewright.services.upstream import Upstream
from gatewright.services.upstream_client import UpstreamClient


class Upstreams:
    """One client for each upstream, in use for as long as its document says the same. tokens: makes callers' tokens."""

    def __init__(self, tokens: CallerTokens | None = None) -> None:
        self._tokens = tokens
        self._clients: dict[str, UpstreamClient] = {}

    def client(self, name: str, upstream: Upstream) -> UpstreamClient:
        """The way to the upstream of that name."""
        kept = self._clients.get(name)
        if kept is not None and (kept.upstream is upstream or kept.upstream == upstream):
            return kept
        if kept is not None:
            kept.retire()
        made = self._clients[name] = UpstreamClient(upstream, name)
        return made

    async def token(self, caller: Caller, audience: str, lifetime: int, *, as_access_token: bool) -> str:
        """A token that tells an upstream who calls (`CallerTokens.token`)."""
        if self._tokens is None:
            raise ServiceError(503, "The upstream is not available", "there are no keys here to sign with")
        return await self._tokens.token(caller, audience, lifetime, as_access_token=as_access_token)

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
