"""The console's routes: every address, and the page that answers it."""

from typing import Final

from starlette.routing import BaseRoute
from starlette.routing import Mount
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from gatewright.app.parts import Parts
from gatewright.console import acls
from gatewright.console import associations
from gatewright.console import audit
from gatewright.console import browser_grant
from gatewright.console import clients
from gatewright.console import connections
from gatewright.console import device_grant
from gatewright.console import exports
from gatewright.console import external_servers
from gatewright.console import get_token
from gatewright.console import groups
from gatewright.console import help_pages
from gatewright.console import home
from gatewright.console import inspector
from gatewright.console import keys
from gatewright.console import new_service
from gatewright.console import package_actions
from gatewright.console import packages
from gatewright.console import permissions
from gatewright.console import reach
from gatewright.console import refactoring
from gatewright.console import refusals
from gatewright.console import rehearsal
from gatewright.console import running
from gatewright.console import scopes
from gatewright.console import search
from gatewright.console import service_tests
from gatewright.console import services
from gatewright.console import settings
from gatewright.console import sign_ins
from gatewright.console import tokens
from gatewright.console import trusted_issuers
from gatewright.console import users
from gatewright.console import versions
from gatewright.console.door import door
from gatewright.console.templating import HERE
from gatewright.console.templating import STATIC_URL
from gatewright.console.visit import Page

_SHOWN: Final[dict[str, Page]] = {
    "/": home.show,
    "/packages": packages.show,
    "/services": services.show,
    "/services/versions": versions.show_list,
    "/services/compare": versions.compare,
    "/connections": connections.show_list,
    "/services/usages": refactoring.usages,
    "/oauth": settings.overview,
    "/oauth/clients": clients.show_list,
    "/oauth/clients/postman": exports.postman_of_client,
    "/oauth/clients/bruno": exports.bruno_of_client,
    "/oauth/clients/examples": exports.examples,
    "/oauth/scopes": scopes.show_list,
    "/oauth/tokens": tokens.show_list,
    "/oauth/keys": keys.show_list,
    "/oauth/external": external_servers.show_list,
    "/oauth/issuers": trusted_issuers.show_list,
    "/reach": reach.show,
    "/help": help_pages.index,
    "/help/{topic}": help_pages.show,
    "/refusals": refusals.show_list,
    "/audit": audit.show_list,
    "/audit/export": audit.export,
    "/refusals/receipt": refusals.show,
    "/users": users.show_list,
    "/users/sign-ins": sign_ins.show,
    "/groups": groups.show_list,
    "/acls": acls.show_list,
}
"""Pages that only show."""

_FORMS: Final[dict[str, Page]] = {
    "/packages/install": package_actions.install,
    "/packages/remove": package_actions.remove,
    "/packages/enable": package_actions.enable,
    "/packages/disable": package_actions.disable,
    "/services/new": new_service.add,
    "/services/restore": versions.restore,
    "/services/tests": service_tests.show,
    "/connections/new": connections.add,
    "/connections/edit": connections.edit,
    "/connections/delete": connections.delete,
    "/services/rename": refactoring.rename,
    "/services/delete": refactoring.delete,
    "/oauth/clients/new": clients.register,
    "/oauth/clients/edit": clients.edit,
    "/oauth/clients/secret": clients.new_secret,
    "/oauth/clients/enable": clients.enable,
    "/oauth/clients/disable": clients.disable,
    "/oauth/clients/delete": clients.delete,
    "/oauth/scopes/new": scopes.add,
    "/oauth/scopes/edit": scopes.edit,
    "/oauth/scopes/delete": scopes.delete,
    "/oauth/associations": associations.show,
    "/oauth/tokens/revoke": tokens.revoke,
    "/oauth/keys/rotate": keys.rotate,
    "/oauth/keys/retire": keys.retire,
    "/oauth/external/new": external_servers.add,
    "/oauth/external/edit": external_servers.edit,
    "/oauth/external/delete": external_servers.delete,
    "/oauth/issuers/new": trusted_issuers.add,
    "/oauth/issuers/edit": trusted_issuers.edit,
    "/oauth/issuers/delete": trusted_issuers.delete,
    "/oauth/settings": settings.edit,
    "/users/new": users.add,
    "/users/edit": users.edit,
    "/users/enable": users.enable,
    "/users/disable": users.disable,
    "/users/delete": users.delete,
    "/users/factors/reset": sign_ins.reset,
    "/groups/new": groups.add,
    "/groups/edit": groups.edit,
    "/groups/delete": groups.delete,
    "/acls/edit": acls.edit,
    "/acls/delete": acls.delete,
    "/get-token/callback": browser_grant.callback,
    "/inspector": inspector.show,
    "/rehearsal": rehearsal.show,
    "/search": search.show,
}
"""Pages that show a form or a question, and take its answer."""

_ACTIONS: Final[dict[str, Page]] = {
    "/users/sessions/end": sign_ins.end,
    "/users/access/end": sign_ins.end_access,
    "/connections/test": connections.try_out,
    "/services/check": services.check,
    "/services/save": services.save,
    "/services/run": running.run,
    "/services/example": services.example,
    "/services/tests/add": service_tests.add,
    "/services/conflict": versions.conflict,
    "/services/resume": services.resume,
    "/get-token/use": get_token.use,
    "/get-token/device": device_grant.poll,
}
"""What only forms and scripts send to."""


def console_routes(parts: Parts) -> list[BaseRoute]:
    """Every page under `/console`, and the assets."""

    def route(path: str, page: Page, *methods: str) -> Route:
        operation = permissions.operation(path, changes="POST" in methods)
        return Route(
            f"/console{path}", door(page, parts, operation, viewed=path in permissions.VIEWED), methods=list(methods)
        )

    return [
        Mount(STATIC_URL, StaticFiles(directory=HERE / "static", check_dir=False)),
        route("", home.show, "GET"),
        *(route(path, page, "GET") for path, page in _SHOWN.items()),
        *(route(path, page, "GET", "POST") for path, page in _FORMS.items()),
        *(route(path, page, "POST") for path, page in _ACTIONS.items()),
        route("/get-token", get_token.show, "GET"),
        route("/get-token", get_token.request, "POST"),
        route("/{rest:path}", home.missing, "GET"),
    ]
