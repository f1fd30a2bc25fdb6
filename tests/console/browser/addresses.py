"""Every page of the console and of an account, as an example workspace has them: for axe-core, and for `make pictures`."""

ADDRESSES = (
    "/console/", "/console/search?q=air", "/console/search?q=zzz", "/console/packages", "/console/services/new",
    "/console/packages/install", "/console/packages/disable?target=Airports", "/console/packages/remove?package=Airports",
    "/console/connections", "/console/connections/new", "/console/connections/new?kind=client_credentials",
    "/console/services?name=routes:plan", "/console/services?name=airports:get",
    "/console/oauth", "/console/oauth/clients", "/console/oauth/clients/new", "/console/oauth/clients/edit?client_id=example",
    "/console/oauth/clients/secret?client_id=example", "/console/oauth/clients/delete?client_id=example",
    "/console/oauth/scopes", "/console/oauth/scopes/new", "/console/oauth/scopes/edit?scope=airports",
    "/console/oauth/associations", "/console/oauth/associations?client=example", "/console/oauth/tokens",
    "/console/oauth/keys", "/console/oauth/settings",
    "/console/oauth/clients/examples?client_id=example", "/console/inspector",
    "/console/users", "/console/users/new", "/console/users/edit?user=admin", "/console/groups", "/console/groups/new",
    "/console/groups/edit?group=Developers", "/console/acls", "/console/acls/edit", "/console/get-token", "/console/nothing",
    "/console/refusals", "/console/rehearsal", "/console/audit", "/console/reach?client=example",
    "/console/help", "/console/help/grants", "/console/help/doctor",
    "/console/reach?service=airports:get", "/console/reach?user=admin",
    "/account/access", "/account/consents", "/account/sessions", "/account/factors", "/account/factors/app",
    "/account/factors/passkeys/new", "/account/proof", "/account/password", "/account/login", "/console/users/sign-ins?user=admin", "/oauth/authorize?client_id=nobody",
    "/oauth/authorize?response_type=code&client_id=example&scope=airports+routes&state=s&prompt=consent"
    "&redirect_uri=https%3A%2F%2Foauth.pstmn.io%2Fv1%2Fcallback",
)  # fmt: skip
