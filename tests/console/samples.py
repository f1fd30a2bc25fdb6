"""One context for each template, as the comment at its top describes it: for the tests and for looking at the pages."""

from typing import Any

from markupsafe import Markup

from gatewright.admin.connections import KINDS as CONNECTION_KINDS
from gatewright.admin.connections import OF_KIND
from gatewright.admin.explanations import explain
from gatewright.admin.keys import KeyLine
from gatewright.admin.service_names import Named
from gatewright.console.connections import values_of
from gatewright.console.diagram import of_source
from gatewright.console.health import Bar
from gatewright.console.health import Chart
from gatewright.console.help_pages import TOPICS
from gatewright.console.new_service import KINDS as NEW_KINDS
from gatewright.console.refactoring import Found
from gatewright.console.run_caller import KINDS
from gatewright.console.run_caller import Chosen
from gatewright.console.sorting import Sorting
from gatewright.console.templating import Flash
from gatewright.console.templating import Frame
from gatewright.console.text_difference import side_by_side
from gatewright.identity.own_access import Held
from gatewright.identity.second_factor import Factors
from gatewright.kernel.telemetry import Tally
from gatewright.oauth.introspect import Introspection
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.reach import Opening
from gatewright.services.references import Reference
from gatewright.services.testing import Case
from gatewright.services.testing import Result
from gatewright.services.testing.cases import Entry
from gatewright.store.audit_chain import Head
from gatewright.store.connections import Connection
from gatewright.store.external_servers import ExternalServer
from gatewright.store.failing_runs import FailingRun
from gatewright.store.records import Acl
from gatewright.store.records import AuditRow
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret
from gatewright.store.records import Consent
from gatewright.store.records import Group
from gatewright.store.records import Passkey
from gatewright.store.records import Scope
from gatewright.store.records import Session
from gatewright.store.records import Totp
from gatewright.store.records import User
from gatewright.store.refusals import Refusal
from gatewright.store.service_versions import Version
from gatewright.store.trusted_issuers import TrustedIssuer
from gatewright.web.rehearsal import Rehearsed

NOW = 1_770_000_000


def sorted_by(columns: dict[str, str], by: str) -> Sorting:
    return Sorting(address="/x", columns=columns, by=by, first=by)


FRAME = Frame(user="admin", csrf="csrf-token", now=NOW, nonce="bm9uY2U")
OWN = Frame(area="account", console=False, user="ada", csrf="csrf-token", now=NOW)
DONE = Frame(
    user="admin",
    csrf="csrf-token",
    now=NOW,
    flashes=(
        Flash("done", "Client registered.", (("Associate scopes", "/console/oauth/associations"),)),
        Flash("failed", "The scope was changed by ada in the meantime: look at it and save again."),
    ),
)
PASSKEY = {"options": '{"challenge": "AAEC"}', "origin": "https://id.example"}
BRAND = {"title": "Gatewright", "logo": "", "footer": "Protected by Gatewright"}

POSTMAN = Client(
    client_id="5f3a91c07be24d06a1c7d2f0b6e89c21",
    name="Postman",
    version="1.0",
    description="Manual testing by the integration team",
    redirect_uris=("https://oauth.pstmn.io/v1/callback",),
    allowed_grants=("authorization_code", "client_credentials"),
    revision=3,
)
CLIENTS = [
    {"client": POSTMAN, "scopes": ["airports", "IntScope"], "live_tokens": 12, "used_at": NOW - 90},
    {
        "client": Client(client_id="0c1e44d7a9b84c34b52d8d2f61f0a7e3", name="Warehouse batch", version="2.4"),
        "scopes": ["orders.read"],
        "live_tokens": 1,
        "used_at": None,
    },
    {
        "client": Client(
            client_id="b7a2d0f94e6c4c0f9f1f0c2b7f2f7d55", name="Field app", version="7", type="public", enabled=False
        ),
        "scopes": [],
        "live_tokens": 0,
        "used_at": None,
    },
]
SCOPE = Scope(
    name="airports",
    description="Look up airports and distances",
    folders=("airports",),
    services=("geo:distance",),
    url_templates=("GET /airports/{iata}",),
)
CONNECTION = Connection(
    name="crm",
    kind="client_credentials",
    description="Customers and their contacts",
    hosts=("api.crm.example", "*.eu.crm.example"),
    token_endpoint="https://login.crm.example/oauth/token",
    client_id="gatewright",
    scopes=("customers.read",),
    test_address="https://api.crm.example/ping",
    sealed=b"sealed",
)
EXTERNAL = ExternalServer(
    name="Corporate login",
    issuer="https://login.example.com/",
    introspection_endpoint="https://login.example.com/introspect",
    client_id="gatewright",
    sealed_secret=b"x",
)
EXTERNAL_VALUES = {
    "name": "", "issuer": "", "jwks_uri": "", "jwks": "", "introspection_endpoint": "", "client_id": "", "client_secret": "",
    "introspection_cache": "30", "audience": "", "token_typ": "at+jwt", "user": "", "default_scope": "airports",
    "scope_mapping": "api.read = airports", "enabled": "true", "revision": "2",
}  # fmt: skip
ISSUER = TrustedIssuer(issuer="https://issuer.example.com", description="The intranet", scopes=("airports",))
ISSUER_VALUES = {
    "issuer": "", "description": "The intranet", "jwks_uri": "", "jwks": "", "audience": "", "user_claim": "sub",
    "scopes": "airports", "enabled": "true", "revision": "1",
}  # fmt: skip
GROUPS = [
    Group(name="Administrators", description="May use this console", predefined=True),
    Group(name="Anonymous", description="Callers without a token", predefined=True),
    Group(name="integration", description="Partners' systems"),
]
ADA = User(id="0198f2c1-7a4e-7b12-9d63-5a1f2e8c4b90", name="ada", created_at=NOW - 86_400 * 12)
REFUSAL = Refusal(
    id="0198f2c1-7a4e-7b12-9d63-5a1f2e8c4b91",
    reference="b7b5567bee1daf7a0000001d",
    at=NOW - 60,
    endpoint="call",
    rule="acl_names",
    status=403,
    error="access_denied",
    method="GET",
    path="/invoke/orders/audit",
    sentence="The ACL of orders:audit names no group of 0c1e.",
    found="no group",
    wanted="staff",
    client_id="0c1e",
    peer="192.0.2.7",
    service="orders:audit",
    acl="orders",
    scopes=("orders",),
    parameters=(("year", "4 characters"),),
)
OPENING = Opening(
    service="orders:audit",
    addresses=("/invoke/orders/audit", "GET /shop/audit"),
    scopes=("orders",),
    acl="orders:audit",
    admitted=("staff",),
)
AUDITED = AuditRow(id="1", at=NOW - 60, actor="admin", action="client.update", target="Postman (1.0)")
CLIENT_VALUES = {
    "name": "Postman",
    "version": "1.0",
    "type": "confidential",
    "description": "Manual testing",
    "redirect_uris": "https://oauth.pstmn.io/v1/callback",
    "allowed_grants": ["authorization_code", "password"],
    "require_pkce": "global",
    "require_pushed_authorization_requests": "false",
    "access_token_lifetime": "global",
    "access_token_lifetime_seconds": "",
    "client_authentication": ["client_secret_basic"],
    "jwks_uri": "",
    "jwks": "",
    "token_endpoint_auth_signing_alg": "",
    "refresh_limit": "limited",
    "rate_limit": "limited",
    "rate_limit_requests": "60",
    "daily_quota": "unlimited",
    "daily_quota_requests": "",
    "refresh_limit_count": "0",
    "access_token_lifetime_by_grant": "",
    "access_token_format": "global",
    "refresh_rotation": "true",
    "introspect": "own",
    "default_scopes": "",
    "token_family_lifetime": "global",
    "token_family_lifetime_seconds": "",
    "refresh_token_lifetime": "global",
    "refresh_token_lifetime_seconds": "",
    "dpop_bound_access_tokens": "false",
    "may_act": "",
    "revision": "3",
}
CLIENT_FORM = {
    "frame": FRAME,
    "client": POSTMAN,
    "values": CLIENT_VALUES,
    "errors": {},
    "defaults": {
        "pkce_confidential": "false",
        "pkce_public": "true",
        "lifetime": "3600 seconds",
        "refresh_lifetime": "2592000 seconds",
        "family_lifetime": "never",
        "format": "opaque",
    },
    "scopes": ["airports"],
    "secrets": [
        ClientSecret(id="1", client_id="c", digest=b"", hash=None, created_at=NOW - 86_400 * 40, expires_at=NOW + 7_200)
    ],
    "live_tokens": 12,
}
CURL = """curl -s -u 5f3a91c07be24d06a1c7d2f0b6e89c21:SECRET \\
  -d grant_type=client_credentials -d scope=airports \\
  http://localhost:5555/oauth/token"""
FLOW = """document:
  dsl: '1.0.3'
  namespace: airports
  name: distance
  version: '1.0.0'
input:
  schema:
    document:
      type: object
      required: [from, to]
do:
  - start:
      call: airports:lookup
      with: { iata: '${ .from }' }
      export: { as: '${ { start: . } }' }
  - goal:
      call: airports:lookup
      with: { iata: '${ $workflow.input.to }' }
  - kind:
      switch:
        - far: { when: '.distance > 3000', then: longHaul }
        - near: { then: end }
  - longHaul:
      set: { haul: long, checked: true, legs: 2 }  # shaped for the caller
"""


VERSION = Version(
    id="0199-2",
    service="airports:distance",
    file="Airports/services/airports/distance.flow.yaml",
    at=NOW - 90,
    actor="admin",
    note="Longer flights",
    text=FLOW,
)
OLDER = Version(
    id="0199-1",
    service="airports:distance",
    file="Airports/services/airports/distance.flow.yaml",
    at=NOW - 900,
    actor="",
    note="As it was found",
    text="",
)
ROWS = side_by_side("a\nb\n" + "same\n" * 20 + "c", "a\nB\n" + "same\n" * 20 + "c\nd")


FOUND = Found(
    [
        Reference(
            file="Airports/services/airports/plan.flow.yaml",
            line=3,
            column=4,
            kind="flow",
            what="measure",
            service="airports:plan",
        ),
        Reference(file="Airports/package.yaml", line=3, column=4, kind="template", what="GET /distance"),
        Reference(file="Airports/services/a.py", line=3, column=4, kind="python", what="call('airports:distance')"),
    ],
    Named(("airports",), ("staff",)),
)


def step(name: str, kind: str, line: int, depth: int, offset: int, width: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "kind": kind, "line": line, "depth": depth, "milliseconds": width / 20, "offset": offset, "width": width,
        "error": "", "input": '{\n  "from": "LHR"\n}', "context": "", "pointer": f"/do/0/{name}", "turn": "",
        "changed": [{"text": "{", "is_new": False}, {"text": '  "iata": "LHR"', "is_new": True}, {"text": "}", "is_new": False}],
    } | more  # fmt: skip


CASE = Case(
    file="Airports/services/airports/distance.test.yaml",
    line=3,
    service="airports:distance",
    entry=Entry(name="far away"),
    addresses=(),
)
RESULT = {
    "test": "/console/services/tests/add?name=a:b",
    "note": "A token with these scopes would be refused.",
    "stopped": None,
    "ok": False,
    "status": 404,
    "milliseconds": 5.21,
    "output": "",
    "error": {"title": "No such airport", "detail": "No airport has the code XXX", "place": "/do/1/goal"},
    "steps": [
        step("start", "call", 11, 0, 0, 38),
        step("each[0]", "set", 13, 1, 38, 1, context='{"start": {}}'),
        step("goal", "call", 15, 0, 40, 55, error="No airport has the code XXX"),
    ],
    "left_out": 2,
}
SERVICE = Service(
    name="airports:distance", kind="flow", package="Airports", file="Airports/services/airports/distance.flow.yaml",
    title="Distance between two airports", description="Great-circle distance in kilometres, with the kind of flight.",
    run=lambda *_: None,  # type: ignore[arg-type,return-value]
)  # fmt: skip
BROKEN = Service(
    name="airports.reports:daily", kind="flow", package="Airports", file="Airports/services/airports/reports/daily.flow.yaml",
    problems=(Problem(file="daily.flow.yaml", message="line 3: a mapping was expected", line=3, column=1),),
)  # fmt: skip
LOOKUP = Service(
    name="airports:lookup", kind="python", package="Airports", file="Airports/services/airports.py", title="Look up"
)
SERVICE_PAGE = {
    "frame": FRAME,
    "service": SERVICE,
    "routes": ["GET /airports/{from}/distance/{to}"],
    "invoke": "/invoke/airports/distance",
    "scopes": ["airports"],
    "acl": {"target": "airports", "groups": ["integration"]},
    "schemas": {"input": '{\n  "type": "object"\n}', "output": ""},
    "source": FLOW,
    "source_name": "distance.flow.yaml",
    "diagram": of_source(FLOW),
    "marks": {"/do/0/start": {"runs": 2, "milliseconds": 1.5, "state": "failed", "thens": ["goal"]}},
    "fresh": False,
    "revision": "1",
    "words": {"services": [{"label": "airports:lookup", "detail": "Look up", "info": "lookup(iata: string)"}], "connections": [{"label": "erp", "detail": "ERP"}]},
    "input": '{\n  "from": "LHR",\n  "to": "XXX"\n}',
    "caller": Chosen(kind="client", name="example", scopes="a b"),
    "callers": KINDS,
    "examples": {"usual": "{}", "none's": '{"a": "<b>"}'},
    "failing": [FailingRun(id="0199-3", at=NOW - 60, service="airports:distance", request="r", client_id="", subject="", status=502, title="Bad gateway", detail="", seconds=0.1)],
    "stops": "/do/0/start",
    "calls": {"count": 1200, "failed": 3, "half": 1.2, "most": 40.0, "slowest": [("/do/0/start", 1.5, 1200)]},
    "result": RESULT,
    "saved": None,
    "conflict": False,
    "problems": [{"line": 9, "column": 3, "message": "required names a property that is not described", "severity": "warning"}],
    "curl": "curl -H 'Authorization: Bearer TOKEN' http://localhost:5555/invoke/airports/distance",
}  # fmt: skip
TOKEN = {
    "token_name": "Postman",
    "access_token": "gw_at_4fT8sQ2LmNpR7vXyZ0aBcDeFgHiJkLmNoPqRsTuVwX1k3Jd9",
    "token_type": "Bearer",
    "refresh_token": "gw_rt_9aBcDeFgHiJkLmNoPqRsTuVwX1k3Jd94fT8sQ2LmNpR7vXyZ0",
    "expires_in": 3600,
    "scope": "airports",
    "access_token_url": "http://localhost:5555/oauth/token",
}

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "login": (
        "login.html",
        {
            "brand": BRAND, "csrf": "c", "action": "/console/login", "hidden": {"next": "/console/"}, "client": "",
            "username": "ada", "passkey": PASSKEY, "error": "That username and password do not go together. Check both and try again.",
        },
    ),
    "consent": (
        "consent.html",
        {
            "brand": BRAND, "heading": "Allow Postman access", "csrf": "c", "action": "/oauth/authorize", "request_id": "r",
            "client": {"name": "Postman", "version": "1.0", "description": "Manual testing"}, "ticked": True, "is_here": True, "described_at": "oauth.pstmn.io", "leads_elsewhere": False,
            "user": "ada", "host": "oauth.pstmn.io", "resource": [], "user_code": "", "error": "",
            "scopes": [
                {"name": "airports", "description": "Look up airports and distances", "opens": [{"name": "airports:get", "about": "One airport"}, {"name": "GET /airports/{iata}", "about": ""}], "more": 3},
                {"name": "orders.read", "description": "Read your orders", "opens": [], "more": 0},
                {"name": "IntScope", "description": "", "opens": [], "more": 0},
            ],
        },
    ),
    "consent-device": (
        "consent.html",
        {
            "brand": BRAND, "heading": "Allow Television access", "csrf": "c", "action": "/oauth/device?user_code=WDJB-MJHT", "request_id": "r",
            "client": {"name": "Television", "version": "1.0", "description": ""}, "ticked": False, "is_here": False, "described_at": "", "leads_elsewhere": False, "user": "ada", "host": "", "user_code": "WDJB-MJHT", "error": "",
            "resource": ["http://localhost:5555/invoke/airports", "http://localhost:5555/orders"],
            "scopes": [{"name": "airports", "description": "Look up airports and distances", "opens": [], "more": 0}],
        },
    ),
    "device": ("device.html", {"brand": BRAND, "user_code": "WDJB-MJHX", "error": "No device waits under this code. Check it, or let the device show a new one."}),
    "device-done": ("device_done.html", {"brand": BRAND, "client": "Television", "approved": True}),
    "form-post": (
        "form_post.html",
        {"brand": BRAND, "action": "https://app.example.com/cb", "fields": {"code": "gw_ac_1", "state": "s"}, "host": "app.example.com", "submit": "document.forms[0].submit()"},
    ),
    "error": (
        "error.html",
        {
            "brand": BRAND, "title": "This request cannot continue",
            "sentence": "The redirect URI is not registered for this application. Ask its developer to register it exactly as it is sent.",
            "details": [("Error", "invalid_request"), ("redirect_uri", "https://app.example.com/cb")],
            "reference": "0198f2c17a4e7b12", "links": [],
        },
    ),
    "password": (
        "password.html",
        {"brand": BRAND, "csrf": "c", "action": "/account/password", "hidden": {"next": "/console/"}, "username": "admin", "errors": ["The current password is wrong."]},
    ),
    "confirm": (
        "confirm.html",
        {
            "frame": FRAME, "section": "clients", "trail": [("Client Registration", "/console/oauth/clients")],
            "heading": "Delete Postman (1.0)?",
            "sentences": ["12 live tokens stop working at once, and the application can get no new ones.", "This cannot be undone."],
            "items": ["airports", "IntScope"], "action": "/console/oauth/clients/delete", "hidden": {"client_id": "5f"},
            "button": "Delete client", "danger": True, "cancel": "/console/oauth/clients",
        },
    ),
    "refused": (
        "refused.html",
        {"frame": FRAME, "heading": "No such client", "sentence": "It may have been deleted.", "reference": "0198f2c17a4e", "links": [("Client Registration", "/console/oauth/clients")]},
    ),
    "home": (
        "home.html",
        {
            "frame": DONE,
            "figures": [("Clients", "3", "/console/oauth/clients"), ("Scopes", "2", "/console/oauth/scopes"), ("Live tokens", "13", "/console/oauth/tokens"), ("Services", "6", "/console/packages")],
            "steps": [
                {"text": "Register a client", "help": "The application that will call", "href": "/console/oauth/clients/new", "action": "Register client", "done": True},
                {"text": "Add a scope", "help": "What tokens may open", "href": "/console/oauth/scopes/new", "action": "Add scope", "done": True},
                {"text": "Associate them", "help": "Which client may ask for which scope", "href": "/console/oauth/associations", "action": "Associate", "done": False},
                {"text": "Get a token and call", "help": "From here, from Postman or with curl", "href": "/console/get-token", "action": "Get New Access Token", "done": False},
            ],
            "problems": [{"text": "airports.reports:daily is disabled: line 3: a mapping was expected", "href": "/console/services?name=x", "action": "Open the service", "urgent": True}],
            "charts": [], "issued": [], "refused": [], "unused": [],
            "server": [("Issuer", "http://localhost:5555"), ("Version", "0.1.0"), ("Database", "SQLite"), ("Started", "2 hours ago")],
            "curl": CURL,
        },
    ),
    "home-used": (
        "home.html",
        {
            "frame": FRAME, "figures": [], "steps": [], "problems": [], "curl": "", "server": [("Version", "0.1.0")],
            "charts": [Chart("Calls of services", 40, 3, [Bar(NOW, 40, 3, 64, 5), Bar(NOW + 3600, 0, 0, 0, 0)], 40)],
            "issued": [("client_credentials", 40), ("password", 2)], "refused": [("invalid_grant", 3)],
            "unused": [{"client_id": "5f", "label": "Postman (1.0)", "used_at": NOW - 10**7, "never": True}],
        },
    ),
    "search": (
        "search.html",
        {"frame": FRAME, "q": "air", "results": [{"kind": "Scope", "title": "airports", "detail": "Look up airports", "href": "/x", "icon": "scope"}, {"kind": "Service", "title": "airports:lookup", "detail": "Python", "href": "/x", "icon": "code"}]},
    ),
    "refusals": (
        "explain/refusals.html",
        {
            "sort": sorted_by({"Time": "-time"}, "-time"), "frame": FRAME, "rows": [{"refusal": REFUSAL, "what": "Call of a service"}], "labels": {"0c1e": "Warehouse batch (2.4)"},
            "chosen": {"client": "", "error": "", "period": ""}, "periods": [("", "All that are kept"), ("hour", "The last hour")],
            "codes": ["invalid_grant", "access_denied"], "next_cursor": "", "is_first": True, "query": "",
        },
    ),
    "refusals-none": (
        "explain/refusals.html",
        {
            "sort": sorted_by({"Time": "-time"}, "-time"), "frame": FRAME, "rows": [], "labels": {}, "chosen": {"client": "", "error": "", "period": ""}, "periods": [],
            "codes": [], "next_cursor": "", "is_first": True, "query": "",
        },
    ),
    "refusal": (
        "explain/refusal.html",
        {
            "frame": FRAME, "refusal": REFUSAL, "what": "Call of a service", "checks": explain(REFUSAL),
            "asked": [("Address", "GET /invoke/orders/audit"), ("From", "192.0.2.7")], "client": "Warehouse batch (2.4)",
        },
    ),
    "rehearsal": (
        "explain/rehearsal.html",
        {
            "frame": FRAME, "values": dict.fromkeys(("request", "method", "address", "headers", "body"), ""), "errors": {},
            "methods": [("GET", "GET")], "found": Rehearsed(REFUSAL, explain(REFUSAL), REFUSAL), "notes": ["Files are not read."],
            "line": "GET /invoke/orders/audit", "what": "Call of a service",
        },
    ),
    "audit": (
        "explain/audit.html",
        {
            "sort": sorted_by({"Time": "-time"}, "-time"), "frame": FRAME, "rows": [{"row": AUDITED, "changes": [("description", "Old", "New")]}],
            "chosen": {"actor": "", "action": "", "target": "", "since": "", "until": ""}, "actions": [("client.", "Clients")],
            "days": [{"day": NOW // 86_400 * 86_400, "cells": [{"label": "Sign-ins", "count": 3, "parts": []}, {"label": "Tokens issued", "count": 1234, "parts": [("client_credentials", 1200), ("password", 34)]}]}], "most_days": 31, "head": Head(1, b"x" * 32), "next_cursor": "", "is_first": True,
            "query": "",
        },
    ),
    "reach": (
        "explain/reach.html",
        {
            "frame": FRAME, "section": "clients", "trail": [("Client Registration", "/x")], "lead": "What its tokens can open.",
            "openings": [{"opening": OPENING, "admits": False}], "whose": "The client itself",
            "facts": [("Scopes", ["orders"], "/x?scope=")], "summary": "1 service",
        },
    ),
    "callers": (
        "explain/callers.html",
        {
            "frame": FRAME, "service": "orders:audit", "opening": OPENING,
            "scopes": [{"name": "orders", "clients": [POSTMAN], "more": 3}],
            "members": [{"name": "staff", "members": [("ada", "/x")], "more": 0}], "more_scopes": 0,
        },
    ),
    "help": ("help/index.html", {"frame": FRAME, "topics": TOPICS}),
    **{f"help-{topic}": (f"help/{topic}.html", {"frame": FRAME, "topics": TOPICS, "topic": topic}) for topic in TOPICS},
    "search-none": ("search.html", {"frame": FRAME, "q": "zzz", "results": []}),
    "oauth": (
        "oauth/index.html",
        {
            "frame": FRAME, "external": ["Corporate login"],
            "settings": [("Require HTTPS", "Except on this machine"), ("Require PKCE", "No"), ("Access token expiration interval", "1 hour")],
            "endpoints": [("Issuer", "http://localhost:5555"), ("Authorization", "http://localhost:5555/oauth/authorize"), ("Token", "http://localhost:5555/oauth/token")],
        },
    ),
    "clients": ("oauth/clients.html", {"sort": sorted_by({"Client Application": "name", "Last used": "-used"}, "name"), "frame": DONE, "q": "", "next_cursor": "abc", "is_first": True, "rows": CLIENTS, "any_clients": True}),
    "clients-none": ("oauth/clients.html", {"sort": sorted_by({"Client Application": "name", "Last used": "-used"}, "name"), "frame": FRAME, "q": "", "next_cursor": "", "is_first": True, "rows": [], "any_clients": False}),
    "client-edit": ("oauth/client_form.html", CLIENT_FORM),
    "client-new": (
        "oauth/client_form.html",
        CLIENT_FORM | {
            "client": None, "secrets": [], "live_tokens": 0, "scopes": [],
            "values": CLIENT_VALUES | {"name": "", "type": "public", "redirect_uris": "", "allowed_grants": ["authorization_code", "client_credentials"], "access_token_lifetime": "seconds", "access_token_lifetime_seconds": "soon"},
            "errors": {
                "name": "A name is needed",
                "redirect_uris": "Authorization Code needs at least one redirect URI",
                "allowed_grants": "Client Credentials is for confidential clients alone: choose type Confidential or untick it",
                "access_token_lifetime": "The expiration interval must be a whole number of seconds, at least 1",
            },
        },
    ),
    "client-secret-new": ("oauth/client_secret_new.html", {"frame": FRAME, "client": POSTMAN, "errors": {}, "keep": "86400"}),
    "client-secret": (
        "oauth/client_secret.html",
        {"frame": FRAME, "client": POSTMAN, "secret": "gw_cs_7vXyZ0aBcDeFgHiJkLmNoPqRsTuVwX1k3Jd94fT8sQ2", "is_new_client": True, "old_until": None, "curl": CURL, "scopes": []},
    ),
    "client-secret-again": (
        "oauth/client_secret.html",
        {"frame": FRAME, "client": POSTMAN, "secret": "gw_cs_x", "is_new_client": False, "old_until": NOW + 86_400, "curl": "", "scopes": ["airports"]},
    ),
    "scopes": ("oauth/scopes.html", {"sort": sorted_by({"Name": "name"}, "name"), "frame": FRAME, "rows": [{"scope": SCOPE, "clients": 2}, {"scope": Scope(name="https://api.example.com/read"), "clients": 0}], "q": "", "next_cursor": "", "is_first": True, "any_scopes": True}),
    "scopes-none": ("oauth/scopes.html", {"sort": sorted_by({"Name": "name"}, "name"), "frame": FRAME, "rows": [], "q": "", "next_cursor": "", "is_first": True, "any_scopes": False}),
    "scope-edit": (
        "oauth/scope_form.html",
        {
            "frame": FRAME, "scope": SCOPE, "errors": {"services": "There is no service geo:distance. Did you mean airports:distance?"},
            "values": {"name": "airports", "description": "Look up airports and distances", "folders": "airports", "services": "geo:distance", "url_templates": "GET /airports/{iata}", "revision": "1"},
            "available": {"folders": ["airports", "airports.reports"], "services": ["airports:lookup", "airports:distance"], "url_templates": ["GET /airports/{iata}"]},
            "opens": [{"service": "airports:lookup", "routes": ["GET /airports/{iata}"], "admitted": ["staff"]}, {"service": "airports:distance", "routes": [], "admitted": []}], "clients": 2,
        },
    ),
    "scope-new": (
        "oauth/scope_form.html",
        {"frame": FRAME, "scope": None, "errors": {}, "values": dict.fromkeys(["name", "description", "folders", "services", "url_templates"], ""), "available": {"folders": [], "services": [], "url_templates": []}, "opens": [], "clients": 0},
    ),
    "associations": (
        "oauth/associations.html",
        {
            "frame": FRAME, "side": "client", "subjects": [("5f", "Postman (1.0)"), ("0c", "Warehouse batch (2.4)")], "subject": "5f", "subject_text": "Postman (1.0)",
            "members": [{"value": "airports", "text": "airports", "help": "Look up airports and distances", "was": True}],
            "others": [{"value": "IntScope", "text": "IntScope", "help": "", "was": False}, {"value": "orders.read", "text": "orders.read", "help": "Read your orders", "was": False}],
            "others_more": False, "q": "",
        },
    ),
    "associations-none": ("oauth/associations.html", {"frame": FRAME, "side": "scope", "subjects": [], "subject": "", "subject_text": "", "members": [], "others": [], "others_more": False, "q": ""}),
    "tokens": (
        "oauth/tokens.html",
        {
            "sort": sorted_by({"Issued": "-issued", "Expiry Time": "expires"}, "-issued"), "frame": FRAME, "q": "", "next_cursor": "", "is_first": False, "client": {"client_id": "5f", "label": "Postman (1.0)"}, "user": "", "any_tokens": True,
            "rows": [
                {"id": "1", "client_id": "5f", "client": "Postman (1.0)", "owner": "ada", "token": "gw_at_4fT8…Jd9", "scope": ["airports"], "issued_at": NOW - 240, "expires_at": NOW + 3_360, "refresh_token": True, "refreshes_used": 1, "is_user": True, "remaining": "Unlimited"},
                {"id": "2", "client_id": "5f", "client": "Postman (1.0)", "owner": "Postman (1.0)", "token": "gw_at_9aBc…dE0", "scope": ["airports", "IntScope"], "issued_at": NOW - 90_000, "expires_at": None, "refresh_token": False, "refreshes_used": 0, "is_user": False, "remaining": ""},
            ],
        },
    ),
    "keys": (
        "oauth/keys.html",
        {
            "frame": FRAME, "interval": "90 days", "announcement": "1 day", "address": "http://localhost:5555/oauth/jwks",
            "rows": [
                KeyLine(id="Kcv5fMfZ9rel5NL6tJUbDM7sDSNBXtJ8GAjmR2jC54U", algorithm="ES256", state="announced", created_at=NOW - 60, active_at=NOW + 86_340, retire_at=None, gone_at=None),
                KeyLine(id="f99xI9Fle9bz4w4MUn39GUaAzYMz_wKa9zXXEInd_UU", algorithm="ES256", state="in use", created_at=NOW - 7_689_660, active_at=NOW - 7_689_660, retire_at=NOW + 86_340, gone_at=NOW + 172_740),
                KeyLine(id="NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", algorithm="RS256", state="retired", created_at=NOW - 9_000_000, active_at=NOW - 9_000_000, retire_at=NOW - 600, gone_at=NOW + 85_800),
            ],
        },
    ),
    "keys-none": ("oauth/keys.html", {"frame": FRAME, "interval": "90 days", "announcement": "1 day", "address": "http://localhost:5555/oauth/jwks", "rows": []}),
    "examples": (
        "oauth/examples.html",
        {
            "frame": FRAME, "clients": [(POSTMAN.client_id, POSTMAN.label)], "client": POSTMAN, "service": "airports:get",
            "requests": [("GET /airports/{iata}", "GET /airports/{iata}"), ("POST /invoke/airports/get", "POST /invoke/airports/get")],
            "values": {"client_id": POSTMAN.client_id, "request": "GET /airports/{iata}"},
            "code": {"curl": "curl -s http://localhost:5555/oauth/token\n", "python": "import os\n", "javascript": "await fetch();\n"},
        },
    ),
    "inspector": (
        "inspector.html",
        {
            "frame": FRAME, "errors": {}, "kind": "A JWT", "reason": "", "token_id": "018f4d2e", "answer": "{}",
            "found": Introspection(active=True, scope="airports", client_id=POSTMAN.client_id, username="ada", token_type="Bearer", exp=NOW + 60, iat=NOW, sub="ada", iss="http://localhost:5555", aud="http://localhost:5555"),
            "jwt": {"header": "{}", "claims": "{}", "issuer": "http://localhost:5555", "times": [("exp", NOW + 60)]},
        },
    ),
    "inspector-none": ("inspector.html", {"frame": FRAME, "errors": {}, "kind": "", "reason": "", "token_id": None, "answer": "", "found": None, "jwt": None}),
    "examples-none": ("oauth/examples.html", {"frame": FRAME, "clients": [], "client": None, "requests": [], "values": {}, "code": None}),
    "connections": ("packages/connections.html", {"sort": sorted_by({"Name": "name"}, "name"), "frame": FRAME, "kinds": CONNECTION_KINDS, "rows": [{"connection": CONNECTION, "uses": 2}, {"connection": Connection(name="shop_db", kind="sql", url="postgresql://shop@db.internal/shop", packages=("Orders",)), "uses": 0}]}),
    "connections-none": ("packages/connections.html", {"sort": sorted_by({"Name": "name"}, "name"), "frame": FRAME, "kinds": CONNECTION_KINDS, "rows": []}),
    "connection-kinds": ("packages/connection_kinds.html", {"frame": FRAME, "kinds": [("basic", "Basic", "An API that takes a user name and a password"), ("sql", "SQL database", "A PostgreSQL database or a SQLite file, for pub.sql")]}),
    "connection-edit": ("packages/connection_form.html", {"frame": FRAME, "connection": CONNECTION, "kind": "OAuth client credentials", "values": values_of(CONNECTION), "shown": {"hosts", "test_address", *OF_KIND["client_credentials"]}, "uses": ["orders:place", "customers:overview"], "packages": ["Orders"], "errors": {}}),
    "connection-new": ("packages/connection_form.html", {"frame": FRAME, "connection": None, "kind": "Mail server", "values": values_of(Connection(name="", kind="smtp")), "shown": set(OF_KIND["smtp"]), "uses": [], "packages": [], "errors": {"server": "Write the mail server as host:port, such as mail.example.com:587."}}),
    "external": ("oauth/external_servers.html", {"frame": FRAME, "rows": [{"server": EXTERNAL, "user": "ada"}, {"server": ExternalServer(name="Other", issuer="https://other.example.com", jwks_uri="https://other.example.com/jwks", enabled=False), "user": ""}]}),
    "external-none": ("oauth/external_servers.html", {"frame": FRAME, "rows": []}),
    "external-edit": ("oauth/external_server_form.html", {"frame": FRAME, "server": EXTERNAL, "values": EXTERNAL_VALUES | {"name": EXTERNAL.name, "issuer": EXTERNAL.issuer, "user": "ada"}, "errors": {}}),
    "external-new": ("oauth/external_server_form.html", {"frame": FRAME, "server": None, "values": EXTERNAL_VALUES, "errors": {"user": "Name the user that calls run as."}}),
    "issuers": ("oauth/trusted_issuers.html", {"frame": FRAME, "rows": [ISSUER, TrustedIssuer(issuer="urn:legacy", enabled=False)]}),
    "issuers-none": ("oauth/trusted_issuers.html", {"frame": FRAME, "rows": []}),
    "issuer-edit": ("oauth/trusted_issuer_form.html", {"frame": FRAME, "issuer": ISSUER, "values": ISSUER_VALUES | {"issuer": ISSUER.issuer}, "errors": {}}),
    "issuer-new": ("oauth/trusted_issuer_form.html", {"frame": FRAME, "issuer": None, "values": ISSUER_VALUES, "errors": {"issuer": "This is missing: it must be just what the tokens say."}}),
    "settings": (
        "oauth/settings.html",
        {
            "frame": FRAME, "errors": {},
            "values": {
                "require_https": "except_loopback", "require_pkce": "false", "allow_plain_pkce": "false", "authorization_code_lifetime": "600",
                "require_pushed_authorization_requests": "false", "pushed_request_lifetime": "60", "device_code_lifetime": "600", "device_polling_interval": "5",
                "access_token_lifetime": "seconds", "access_token_lifetime_seconds": "3600", "refresh_token_lifetime": "seconds", "refresh_token_lifetime_seconds": "2592000",
                "access_token_format": "opaque", "signing_algorithm": "ES256", "key_rotation_interval": "7776000", "key_announcement": "86400",
                "assertion_lifetime": "3600", "dynamic_registration": "closed", "dynamic_registration_scopes": "", "client_id_metadata_hosts": "",
                "dynamic_registration_unused": "seconds", "dynamic_registration_unused_seconds": "2592000",
                "access_token_lifetime_by_grant": "client_credentials = 300", "token_family_lifetime": "never", "token_family_lifetime_seconds": "",
                "refresh_token_grace": "10", "dpop_nonce": "optional", "dpop_proof_lifetime": "60", "token_exchange_depth": "4", "token_parameters_in_url": "compatibility", "cors_allowed_origins": "*", "reauthentication_age": "600", "second_factor_required": "nobody", "page_title": "Gatewright", "page_logo": "", "page_footer": "", "consent_heading": "Allow {client} access", "refusals_kept": "10000", "refusal_lifetime": "604800", "failing_runs": "with_data", "failing_run_lifetime": "604800", "session_lifetime": "28800", "throttle_failures": "10",
                "throttle_window": "300", "maximum_body_bytes": "10485760", "service_time_limit": "30", "openapi_public": "false", "fetch_private_hosts": "", "revision": "4",
            },
        },
    ),
    "users": ("people/users.html", {"sort": sorted_by({"Name": "name", "Created": "-created"}, "name"), "frame": FRAME, "q": "", "next_cursor": "", "is_first": True, "rows": [{"user": User(id="1", name="admin", must_change_password=True, created_at=NOW - 86_400), "groups": ["Administrators"], "second_factor": True}, {"user": ADA, "groups": [], "second_factor": False}]}),
    "user-edit": ("people/user_form.html", {"frame": FRAME, "user": ADA, "values": {"name": "ada", "password": "", "must_change_password": False, "groups": ["integration"], "revision": "2"}, "errors": {}, "groups": GROUPS, "live_tokens": 2}),
    "user-new": ("people/user_form.html", {"frame": FRAME, "user": None, "values": {"name": "", "password": "", "must_change_password": True, "groups": []}, "errors": {"name": "A name is needed"}, "groups": GROUPS, "live_tokens": 0}),
    "second-factor": ("second_factor.html", {"brand": BRAND, "csrf": "c", "action": "/account/second-factor", "hidden": {"next": "/console/"}, "has_app": True, "passkey": PASSKEY, "error": "This is no valid code."}),
    "factors": ("account/factors.html", {"frame": OWN, "factors": Factors(Totp(user_id="u", sealed=b"", last_step=1, created_at=NOW - 7200), (), 3), "passkeys": [{"id": "AAEC", "passkey": Passkey(credential_id=b"k", user_id="u", name="Laptop", public_key=b"", sign_count=0, transports=(), backed_up=True, created_at=NOW - 7200)}], "is_needed": False, "address": "https://id.example"}),
    "factors-none": ("account/factors.html", {"frame": OWN, "factors": Factors(None, (), 0), "passkeys": [], "is_needed": True, "address": ""}),
    "passkey-new": ("account/passkey_new.html", {"frame": OWN, "name": "Laptop", "passkey": None, "error": "This is not your password."}),
    "passkey-create": ("account/passkey_new.html", {"frame": OWN, "name": "Laptop", "passkey": PASSKEY, "error": ""}),
    "passkey-rename": ("account/passkey_rename.html", {"frame": OWN, "id": "AAEC", "values": {"name": ""}, "errors": {"name": "Name has 1 to 60 printable characters."}}),
    "app-password": ("account/app_password.html", {"frame": OWN, "error": "This is not your password."}),
    "app-key": ("account/app_key.html", {"frame": OWN, "picture": Markup('<svg width="4" height="4"><path d="M0 0"/></svg>'), "key": "ABCD EFGH", "enrolment": "sealed", "error": ""}),
    "recovery-codes": ("account/recovery_codes.html", {"frame": OWN, "codes": ["abcd-efgh-jkmn-pqrs"], "target": "/account/factors"}),
    "proof": ("proof.html", {"frame": FRAME, "action": "/console/oauth/keys/rotate", "fields": [("algorithm", "ES256")], "passkey": PASSKEY, "error": ""}),
    "proof-wrong": ("proof.html", {"frame": OWN, "action": "/account/factors", "fields": [], "passkey": None, "error": "This is not your password."}),
    "looked-at": ("people/groups.html", {"sort": sorted_by({"Name": "name", "Users": "-users"}, "name"), "frame": Frame(user="eve", csrf="c", now=NOW, missing="Administrators"), "rows": []}),
    "account-password": ("account/password.html", {"frame": OWN, "errors": {"current_password": "This is not your current password."}, "next": "/account/password"}),
    "account-access": (
        "account/access.html",
        {"frame": OWN, "rows": [{"held": {"client_id": "5f", "since": NOW - 86_400, "live": 2, "refreshable": True, "scope": ("airports",)}, "client": {"id": "5f", "label": "Postman (1.0)", "description": "Manual testing"}, "scopes": [{"name": "airports", "description": "Look up airports"}, {"name": "routes", "description": ""}]}]},
    ),
    "account-access-none": ("account/access.html", {"frame": OWN, "rows": []}),
    "account-consents": (
        "account/consents.html",
        {"frame": OWN, "rows": [{"client": {"id": "5f", "label": "Postman (1.0)", "description": ""}, "since": NOW - 86_400, "scopes": [{"name": "airports", "description": "Look up airports"}]}]},
    ),
    "account-consents-none": ("account/consents.html", {"frame": OWN, "rows": []}),
    "account-sessions": (
        "account/sessions.html",
        {"frame": OWN, "rows": [{"id": "ab", "browser": "Firefox on Linux", "agent": "Mozilla/5.0", "address": "192.0.2.7", "method": "password", "started_at": NOW - 7200, "seen_at": NOW - 60, "is_here": True}, {"id": "cd", "browser": "curl", "agent": "curl/8", "address": "", "method": "", "started_at": NOW - 7200, "seen_at": NOW - 60, "is_here": False}]},
    ),
    "sign-ins": (
        "people/sign_ins.html",
        {
            "frame": FRAME, "user": ADA,
            "factors": Factors(Totp(user_id="u", sealed=b"", last_step=1, created_at=NOW - 7200), (Passkey(credential_id=b"k", user_id="u", name="Laptop", public_key=b"", sign_count=0, transports=(), backed_up=True, created_at=NOW),), 9),
            "sessions": [{"id": "ab", "browser": "Firefox on Linux", "is_here": True, "session": Session(digest=b"d", user_id="u", csrf="c", authenticated_at=NOW, expires_at=NOW + 9, started_at=NOW - 90, seen_at=NOW, method="password", address="192.0.2.7", agent="Mozilla/5.0")}],
            "held": [{"label": "Postman (1.0)", "held": Held("5f", NOW - 9000, 2, True, ("airports",))}],
            "consents": [{"label": "Postman (1.0)", "consent": Consent(user_id="u", client_id="5f", scope=("airports",), created_at=NOW - 9000)}],
        },
    ),
    "sign-ins-none": ("people/sign_ins.html", {"frame": FRAME, "user": ADA, "factors": Factors(None, (), 0), "sessions": [], "held": [], "consents": []}),
    "groups": ("people/groups.html", {"sort": sorted_by({"Name": "name", "Users": "-users"}, "name"), "frame": FRAME, "rows": [{"group": group, "users": 2, "clients": 1} for group in GROUPS]}),
    "group-edit": (
        "people/group_form.html",
        {"frame": FRAME, "group": GROUPS[2], "values": {"name": "integration", "description": "Partners' systems", "revision": "2"}, "errors": {}, "members": [{"value": "user:ada", "text": "ada", "help": "User", "was": True}], "others": [{"value": "client:5f", "text": "Postman (1.0)", "help": "Client", "was": False}], "others_more": True, "q": ""},
    ),
    "acls": ("people/acls.html", {"sort": sorted_by({"Folder or service": "target"}, "target"), "frame": FRAME, "rows": [{"acl": Acl(target="airports", execute=("integration",)), "services": 3}, {"acl": Acl(target="airports:lookup"), "services": 1}]}),
    "acls-none": ("people/acls.html", {"sort": sorted_by({"Folder or service": "target"}, "target"), "frame": FRAME, "rows": []}),
    "acl-edit": ("people/acl_form.html", {"frame": FRAME, "acl": Acl(target="airports"), "values": {"target": "airports", "execute": ["integration"], "revision": "2"}, "errors": {}, "targets": ["airports", "airports:lookup"], "groups": GROUPS}),
    "packages": (
        "packages/packages.html",
        {
            "frame": FRAME,
            "packages": [{"folder": "Airports", "switched_off": False, "name": "Airports", "version": "1.0.0", "problems": [], "nodes": [{"folder": "airports", "name": "airports", "children": [
                {"service": SERVICE, "name": "distance", "routes": ["GET /airports/{from}/distance/{to}"]},
                {"service": LOOKUP, "name": "lookup", "routes": ["GET /airports/{iata}"]},
                {"folder": "airports.reports", "name": "reports", "children": [{"service": BROKEN, "name": "daily", "routes": []}]},
            ]}]}],
            "calls": {"airports:distance": Tally(count=3, errors={"500": 1})},
        },
    ),
    "packages-none": ("packages/packages.html", {"frame": FRAME, "packages": [], "calls": {}}),
    "package-install": ("packages/package_install.html", {"frame": FRAME, "errors": {"package": "Choose a file."}, "findings": ["package.yaml: the name is missing"], "megabytes": 20}),
    "service-new": ("packages/service_new.html", {"frame": FRAME, "packages": ["Airports"], "kinds": NEW_KINDS, "values": dict.fromkeys(["package", "name", "callee", "address", "document", "operation", "base_url", "method", "api_path"], "") | {"kind": "empty"}, "errors": {}, "operations": [], "methods": ["GET"], "services": [("a:b", "A")]}),
    "service-new-refused": ("packages/service_new.html", {"frame": FRAME, "packages": ["Airports"], "kinds": NEW_KINDS, "values": dict.fromkeys(["package", "name", "callee", "address", "document", "operation", "base_url", "method", "api_path"], "x") | {"kind": "openapi"}, "errors": {"callee": "Write it.", "operation": "Choose."}, "operations": [("getPet", "GET /pet", "A pet")], "methods": ["GET"], "services": []}),
    "service": ("packages/service.html", SERVICE_PAGE),
    "service-saved": ("packages/_saved.html", {"saved": "Saved.", "problems": [], "revision": "2", "conflict": False}),
    "service-run": ("packages/_run.html", {"result": RESULT | {"ok": True, "status": 200, "error": None, "output": "{}"}, "fresh": True, "diagram": of_source(FLOW), "marks": {}}),
    "service-conflict": ("packages/_saved.html", {"saved": None, "problems": [], "revision": "2", "conflict": True}),
    "difference": ("packages/_difference.html", {"rows": ROWS, "left": {"title": "Saved"}, "right": {"title": "Now"}}),
    "versions": ("packages/versions.html", {"frame": FRAME, "service": SERVICE, "versions": [VERSION, OLDER], "next_cursor": OLDER.id, "is_first": True, "newest": "", "on_disk": True}),
    "versions-none": ("packages/versions.html", {"frame": FRAME, "service": SERVICE, "versions": [], "next_cursor": "", "is_first": True, "newest": "", "on_disk": True}),
    "compare": ("packages/compare.html", {"frame": FRAME, "service": SERVICE, "rows": ROWS, "left": {"title": "Longer", "text": "a", "version": VERSION}, "right": {"title": "Now", "text": "b", "version": None}}),
    "compare-equal": ("packages/compare.html", {"frame": FRAME, "service": SERVICE, "rows": [], "left": {"title": "Now", "text": "a", "version": None}, "right": {"title": "Now", "text": "a", "version": None}}),
    "conflict": ("packages/conflict.html", {"frame": FRAME, "service": SERVICE, "rows": ROWS, "left": {"title": "Saved by somebody else"}, "right": {"title": "Yours"}, "source": FLOW, "revision": "2"}),
    "service-examples": ("packages/_examples.html", {"examples": {"usual": "{}"}, "service": SERVICE}),
    "service-stopped": ("packages/_run.html", {"result": RESULT | {"stopped": {"pointer": "/do/0/start", "name": "start", "action": "/console/services/run?name=a:b", "data": "{}", "context": "{}", "session": "c2VhbGVk"}}, "fresh": False}),
    "service-stopped-for-good": ("packages/_run.html", {"result": RESULT | {"stopped": {"pointer": "/do/0/start", "name": "start", "action": "/console/services/run?name=a:b", "data": "{}", "context": "{}", "session": ""}}, "fresh": False}),
    "tests": ("packages/tests.html", {"frame": FRAME, "service": SERVICE, "cases": [CASE], "problems": ["a.test.yaml:3:1: unknown key"], "results": {(CASE.file, 3): Result(file=CASE.file, line=3, name="far away", service="airports:distance", problems=[".a: expected 1, got 2"])}, "passed": 0, "file": CASE.file}),
    "tests-none": ("packages/tests.html", {"frame": FRAME, "service": SERVICE, "cases": [], "problems": [], "results": {}, "passed": None, "file": CASE.file}),
    "references": ("packages/_references.html", {"service": SERVICE, "found": FOUND}),
    "usages": ("packages/usages.html", {"frame": FRAME, "service": SERVICE, "found": FOUND}),
    "usages-none": ("packages/usages.html", {"frame": FRAME, "service": SERVICE, "found": Found([], Named((), None))}),
    "rename": ("packages/rename.html", {"frame": FRAME, "service": SERVICE, "to": "", "error": "", "found": FOUND, "rights": []}),
    "rename-refused": ("packages/rename.html", {"frame": FRAME, "service": SERVICE, "to": "a b", "error": "Write folder:service.", "found": FOUND, "rights": []}),
    "rename-shown": ("packages/rename.html", {"frame": FRAME, "service": SERVICE, "to": "a:b", "error": "", "found": FOUND, "rights": [("Scopes that open it", "airports", "")]}),
    "diagram-unreadable": ("packages/_diagram.html", {"diagram": of_source("a: ["), "marks": {}}),
    "get-token-fragment": ("get_token_fragment.html", {"frame": FRAME}),
    "get-token": (
        "get_token.html",
        {
            "frame": FRAME, "clients": [("5f", "Postman (1.0)")], "errors": {}, "auth_url": "http://localhost:5555/oauth/authorize", "access_token_url": "http://localhost:5555/oauth/token",
            "callback_url": "http://localhost:5555/console/get-token/callback", "token": TOKEN, "device": None, "wanted": "GET /airports/{iata}", "body": "{}",
            "services": [{"address": "GET /airports/{iata}", "service": "airports:lookup", "sample": "{}"}],
            "client": {"client_id": "5f", "type": "confidential", "scopes": ["airports"], "grants": ["Implicit"], "has_callback": False},
            "values": {"token_name": "Postman", "grant_type": "password", "client_id": "5f", "client_secret": "", "scope": "airports", "username": "ada", "password": "", "client_authentication": "client_secret_basic", "service": ""},
            "call": {"request": "GET /airports/{iata}", "body": '{"iata": "LHR"}', "status": 200, "milliseconds": 1.9, "headers": [("Content-Type", "application/json")], "answer": '{\n  "name": "London Heathrow Airport"\n}'},
        },
    ),
}  # fmt: skip
