"""What Home tells of how the server does: charts of the last day, and what needs somebody, each with its link."""

import datetime
from pathlib import Path
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from cryptography import x509

from gatewright.admin.doctor import configuration
from gatewright.admin.doctor.finding import Finding
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.store import activity
from gatewright.store import client_use
from gatewright.store import clients
from gatewright.store.database import Transaction
from gatewright.store.records import Client

_HOUR: Final = 3600
_DAY: Final = 86_400
_UNUSED: Final = 90 * _DAY
_SOON: Final = 30 * _DAY
_MOST_CLIENTS: Final = 1000
_MOST_FINDINGS: Final = 6
_HEIGHT: Final = 64


class Bar(msgspec.Struct, frozen=True):
    """One hour of a chart: when it began, in seconds since the epoch, how many there were, how many of them were refused
    or failed, and the heights of both in the drawing.
    """

    start: int
    count: int
    failed: int
    height: int
    failed_height: int


class Chart(msgspec.Struct, frozen=True):
    """Bars of the last 24 hours."""

    title: str
    total: int
    failed: int
    bars: list[Bar]
    most: int


async def charts(visit: Visit) -> list[Chart]:
    """Requests to the authorization server and calls of services, hour by hour, with those that were refused or failed."""
    start = (visit.now // _HOUR - 23) * _HOUR
    found = []
    for kind, title in (("endpoint", "Requests to the authorization server"), ("service", "Calls of services")):
        points = await visit.read(activity.counts, kind, start, visit.now + 1, _HOUR)
        found.append(_chart(title, start, points))
    return found


async def issued(visit: Visit) -> list[tuple[str, int]]:
    """Tokens of the last 24 hours by grant, the most first."""
    found = await visit.read(activity.since, "grant", visit.now - _DAY)
    return sorted(((name, tally.count) for name, tally in found.items()), key=lambda each: -each[1])


async def refused(visit: Visit) -> list[tuple[str, int]]:
    """Refusals of the last 24 hours by error code, the most first."""
    found = await visit.read(activity.since, "refusal", visit.now - _DAY)
    return sorted(((name, tally.count) for name, tally in found.items()), key=lambda each: -each[1])


async def attention(visit: Visit, some: list[Client]) -> list[dict[str, Any]]:
    """Secrets and certificates about to end, and what the doctor finds. some: the first clients by name."""
    return [
        *await visit.read(_secrets, visit.now),
        *_certificate(visit),
        *await _findings(visit, some),
    ]


async def unused(visit: Visit) -> list[dict[str, Any]]:
    """Clients that got no token for 90 days, the longest first."""
    return await visit.read(_unused, visit.now - _UNUSED)


def _chart(title: str, start: int, points: list[tuple[int, int]]) -> Chart:
    most = max((count for count, _ in points), default=0)

    def height(number: int) -> int:
        return max(1, round(number / most * _HEIGHT)) if number else 0

    bars = [
        Bar(start + n * _HOUR, count, failed, height(count), height(failed)) for n, (count, failed) in enumerate(points)
    ]
    return Chart(title, sum(count for count, _ in points), sum(failed for _, failed in points), bars, most)


def _unused(transaction: Transaction, before: int) -> list[dict[str, Any]]:
    rows = []
    for client_id, used_at in client_use.unused_since(transaction, before):
        client = clients.find(transaction, client_id)
        if client is not None and client.enabled:
            never = used_at <= client.created_at
            rows.append({"client_id": client_id, "label": client.label, "used_at": used_at, "never": never})
    return rows


def _secrets(transaction: Transaction, now: int) -> list[dict[str, Any]]:
    found = []
    for client_id, ends in client_use.expiring_secrets(transaction, now, now + _SOON):
        client = clients.find(transaction, client_id)
        if client is not None:
            text = f"A secret of {client.label} ends in {counted(max(1, (ends - now) // _DAY), 'day')}."
            address = f"/console/oauth/clients/secret?client_id={quote(client_id, safe='')}"
            found.append({"text": text, "href": address, "action": "New secret", "urgent": True})
    return found


def _certificate(visit: Visit) -> list[dict[str, Any]]:
    """The certificate of this server, when it ends soon. One that cannot be read is the start's affair."""
    file = visit.parts.settings.tls_certificate
    if not file:
        return []
    try:
        ends = x509.load_pem_x509_certificate(Path(file).read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return []
    left = int((ends - datetime.datetime.fromtimestamp(visit.now, datetime.UTC)).total_seconds())
    if left > _SOON:
        return []
    when = f"ends in {counted(max(1, left // _DAY), 'day')}" if left > 0 else "has ended"
    return [{"text": f"The TLS certificate {when}.", "href": "/console/oauth", "action": "Overview", "urgent": True}]


async def _findings(visit: Visit, some: list[Client]) -> list[dict[str, Any]]:
    """With very many clients, those about the server alone: looking at each takes too long for a page."""
    look = configuration.examine if len(some) < _MOST_CLIENTS else configuration.examine_server
    found = await visit.read(look, visit.parts.settings)
    forms = {configuration.name_of(client): client.client_id for client in some}
    shown = [_finding(each, forms) for each in found[:_MOST_FINDINGS]]
    if more := len(found) - len(shown):
        text = f"{counted(more, 'more finding')} of the doctor: run gatewright doctor."
        shown.append({"text": text, "href": "/console/help/doctor", "action": "Help", "urgent": False})
    return shown


def _finding(finding: Finding, forms: dict[str, str]) -> dict[str, Any]:
    text = f"{finding.subject[:1].upper()}{finding.subject[1:]}: {finding.message} ({finding.section}). {finding.mend}"
    said = {"text": text, "urgent": finding.level == "must"}
    if finding.subject in forms:
        address = f"/console/oauth/clients/edit?client_id={quote(forms[finding.subject], safe='')}"
        return {**said, "href": address, "action": "Client"}
    if finding.subject == "settings":
        return {**said, "href": "/console/oauth/settings", "action": "Settings"}
    return {**said, "href": "/console/oauth", "action": "Overview"}
