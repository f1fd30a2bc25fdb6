"""What is filled into every form, wrongly and rightly, and every question that is answered, in a workspace that people
have lived in (`lived_in.py`). What stands in braces is made with the workspace.
"""

import msgspec


class Form(msgspec.Struct, frozen=True):
    """A form. bad, good: values by field name.

    told: what is said beside fields that are wrong; under "" of the page as a whole.
    button: that sends it; asked: one that then stands under a question.
    says: what the page says after that was taken.
    """

    address: str
    bad: dict[str, str]
    told: dict[str, str]
    good: dict[str, str]
    says: str
    button: str = "Save"
    asked: str = ""


class Question(msgspec.Struct, frozen=True):
    """A question with a button. nothing: the address of the same question about what there is not, and what is told then."""

    address: str
    button: str
    says: str
    nothing: tuple[str, str] | None


FORMS = (
    Form(
        "/console/oauth/clients/new",
        {"name": "Ours: mine", "redirect_uris": "somewhere", "access_token_lifetime_seconds": "soon"},
        {
            "name": "must not contain",
            "redirect_uris": "must begin with https://",
            "access_token_lifetime": "whole number",
        },
        {"name": "Ours", "redirect_uris": "https://ours.example/back", "access_token_lifetime_seconds": "60"},
        "Client registered",
    ),
    Form(
        "/console/oauth/clients/edit?client_id=field-app",
        {"name": "", "redirect_uris": ""},
        {"name": "missing", "redirect_uris": "at least one redirect URI"},
        {"name": "Field app", "redirect_uris": "com.example.field:/callback"},
        "Field app (7) saved",
    ),
    Form(
        "/console/oauth/scopes/new",
        {"name": "two words", "folders": "airportz"},
        {"name": "printable ASCII", "folders": "Did you mean"},
        {"name": "lookups", "folders": "airports"},
        "Scope lookups added",
    ),
    Form(
        "/console/oauth/scopes/edit?scope=distances",
        {"services": "geo:distanc"},
        {"services": "Did you mean 'geo:distance'"},
        {"services": "geo:distance\npartners:order"},
        "Scope distances saved",
        asked="Save",
    ),
    Form(
        "/console/oauth/settings",
        {"authorization_code_lifetime": "0", "session_lifetime": "long"},
        {"authorization_code_lifetime": "whole number from 1", "session_lifetime": "whole number"},
        {"authorization_code_lifetime": "120", "session_lifetime": "28800"},
        "Settings saved",
    ),
    Form(
        "/console/oauth/external/new",
        {"name": "a/b", "issuer": "not an address", "jwks_uri": "ftp://partner.example/keys"},
        {"name": "1 to 100 characters", "issuer": "without blanks", "jwks_uri": "https"},
        {
            "name": "Partner",
            "issuer": "https://partner.example",
            "jwks_uri": "https://partner.example/keys",
            "audience": "us",
            "user": "ada",
        },
        "Partner added",
    ),
    Form(
        "/console/oauth/external/edit?name=Corporate%20login",
        {"introspection_cache": "often", "jwks_uri": "ftp://here"},
        {"introspection_cache": "whole number"},
        {"introspection_cache": "30", "jwks_uri": "https://login.example.com/jwks"},
        "Corporate login saved",
    ),
    Form(
        "/console/oauth/issuers/new",
        {"issuer": "", "user_claim": "", "scopes": "airportz"},
        {"issuer": "missing", "user_claim": "Name the claim"},
        {
            "issuer": "https://hr.example",
            "user_claim": "sub",
            "scopes": "airports",
            "jwks_uri": "https://hr.example/keys",
        },
        "https://hr.example is trusted",
    ),
    Form(
        "/console/oauth/issuers/edit?issuer=https%3A%2F%2Fintranet.example.com",
        {"scopes": "airportz"},
        {"scopes": "Did you mean 'airports'"},
        {"scopes": "airports"},
        "https://intranet.example.com saved",
    ),
    Form(
        "/console/connections/new?kind=basic",
        {"name": "1 two", "hosts": "https://api.example/", "username": "a:b"},
        {"name": "letter", "hosts": "host", "username": "no colon"},
        {"name": "billing", "hosts": "api.example", "username": "gatewright", "secret": "only for this test"},
        "billing made",
    ),
    Form(
        "/console/connections/edit?name=crm",
        {"token_endpoint": "nowhere", "client_id": ""},
        {"token_endpoint": "https", "client_id": "Say as which client"},
        {"token_endpoint": "https://login.crm.example/token", "client_id": "gatewright"},
        "crm saved",
    ),
    Form(
        "/console/users/new",
        {"name": "", "password": "short"},
        {"password": "at least"},
        {"name": "dorothy", "password": "long enough for one"},
        "User dorothy added",
    ),
    Form(
        "/console/users/edit?user=ada",
        {"password": "short"},
        {"password": "at least"},
        {"password": "long enough for one"},
        "User ada saved",
    ),
    Form(
        "/console/groups/new",
        {"name": "a/b"},
        {"name": "letters, digits"},
        {"name": "auditors", "description": "Who looks at everything"},
        "Group auditors added",
    ),
    Form(
        "/console/groups/edit?group=integration",
        {"description": "long " * 400},
        {"description": "at most"},
        {"description": "The integration team"},
        "Group integration saved",
    ),
    Form(
        "/console/acls/edit",
        {"target": "airportz"},
        {"target": "Did you mean"},
        {"target": "routes", "execute": "integration"},
        "routes",
    ),
    Form(
        "/console/services/new",
        {"name": "no folder"},
        {"name": "folder"},
        {"name": "trips:made"},
        "Flow trips:made made",
        button="Create",
    ),
    Form(
        "/console/services/rename?name=partners:take",
        {"to": "no folder"},
        {"to": "Write folder:service"},
        {"to": "partners:taken"},
        "partners:take is partners:taken now",
        button="Show what changes",
        asked="Rename to partners:taken",
    ),
    Form(
        "/console/packages/install",
        {},
        {"package": "Choose the zip file"},
        {"package": "Imports"},
        "Installed Imports 1.0.0",
        button="Install",
    ),
    Form(
        "/console/inspector",
        {"token": ""},
        {"token": "Paste one token"},
        {"token": "gw_at_nothing"},
        "It opens nothing here",
        button="Inspect",
    ),
    Form(
        "/console/rehearsal",
        {"request": "hello"},
        {"request": "Begin with curl"},
        {"request": "curl -u postman:wrong -d grant_type=client_credentials /oauth/token"},
        "it would be refused",
        button="Rehearse",
    ),
    Form(
        "/console/get-token",
        {"token_name": "", "client_secret": "wrong"},
        {"": "Client authentication failed"},
        {"client_id": "postman", "client_secret": "{secret}", "scope": "routes"},
        "Token details",
        button="Request Token",
    ),
    Form(
        "/account/factors/app",
        {"password": "wrong"},
        {"password": "This is not your password."},
        {"password": "{password}"},
        "Then type the code that it shows.",
        button="Continue",
    ),
    Form(
        "/account/factors/passkeys/new",
        {"name": "Key", "password": "wrong"},
        {"": "This is not your password."},
        {"name": "Key", "password": "{password}"},
        "Create passkey",
        button="Continue",
    ),
    Form(
        "/account/factors/passkeys/rename?id={passkey}",
        {"name": ""},
        {"name": "1 to 60"},
        {"name": "Work laptop"},
        "Passkey Work laptop saved",
    ),
    Form(
        "/account/proof",
        {"proof_password": "wrong"},
        {"proof_password": "This is not your password."},
        {"proof_password": "{password}"},
        "Applications",
        button="Confirm",
    ),
    Form(
        "/oauth/device",
        {"user_code": "BCDF-GHJK"},
        {"user_code": "code"},
        {"user_code": "{user_code}"},
        "Postman",
        button="Continue",
        asked="Approve",
    ),
    Form(
        "/account/second-factor",
        {"code": "000000"},
        {"code": "no valid code"},
        {"code": "{recovery}"},
        "Home",
        button="Continue",
    ),
)

QUESTIONS = (
    Question("/account/consents", "Forget", "will ask you again.", None),
    Question("/account/access", "End access", "has no access any more.", None),
    Question("/account/sessions", "End all others", "ended.", None),
    Question("/account/factors/recovery", "Make new codes", "Keep these recovery codes", None),
    Question(
        "/account/factors/passkeys/remove?id={passkey}",
        "Remove passkey",
        "removed.",
        ("/account/factors/passkeys/remove?id=AAAA", "There is no"),
    ),
    Question("/account/factors/app/remove", "Remove app", "Authenticator app removed.", None),
    Question(
        "/console/packages/enable?target=Orders",
        "Enable package",
        "Orders enabled",
        ("/console/packages/enable?target=", "There is no package or service"),
    ),
    Question(
        "/console/packages/disable?target=geo:distance",
        "Disable service",
        "geo:distance disabled",
        ("/console/packages/disable?target=nothing", "There is no package or service nothing."),
    ),
    Question(
        "/console/packages/remove?package=Warehouse",
        "Remove package",
        "Package Warehouse removed.",
        ("/console/packages/remove?package=Nothing", "There is no package Nothing."),
    ),
    Question(
        "/console/services/restore?name=routes:plan&version={version}",
        "Restore",
        "The former version is in force again.",
        ("/console/services/restore?name=routes:plan&version=0", "There is no such version"),
    ),
    Question(
        "/console/services/tests?name=routes:plan",
        "Run the tests",
        "passed.",
        ("/console/services/tests?name=routes:nothing", "There is no service routes:nothing."),
    ),
    Question(
        "/console/services/delete?name=partners:stock",
        "Delete service",
        "partners:stock is deleted.",
        ("/console/services/delete?name=geo:distance", "Rename or remove it there"),
    ),
    Question(
        "/console/oauth/clients/secret?client_id=example",
        "Generate New Secret",
        "gw_cs_",
        ("/console/oauth/clients/secret?client_id=nobody", "There is no client"),
    ),
    Question(
        "/console/oauth/clients/enable?client_id=archive",
        "Enable client",
        "Invoice archive (1.3) enabled",
        ("/console/oauth/clients/enable?client_id=nobody", "There is no client"),
    ),
    Question(
        "/console/oauth/clients/disable?client_id=field-app",
        "Disable client",
        "Field app (7) disabled",
        ("/console/oauth/clients/disable?client_id=nobody", "There is no client"),
    ),
    Question(
        "/console/oauth/clients/delete?client_id=portal",
        "Delete client",
        "deleted",
        ("/console/oauth/clients/delete?client_id=nobody", "There is no client"),
    ),
    Question(
        "/console/oauth/scopes/delete?scope=warehouse",
        "Delete scope",
        "Scope warehouse deleted",
        ("/console/oauth/scopes/delete?scope=nothing", "There is no scope"),
    ),
    Question(
        "/console/oauth/associations?client=postman",
        "Save Changes",
        "may ask for 3 scopes",
        ("/console/oauth/associations?client=nobody", "There is no client"),
    ),
    Question(
        "/console/oauth/tokens/revoke?client=postman",
        "Revoke all",
        "All tokens of Postman (1.0) revoked.",
        ("/console/oauth/tokens/revoke?client=nobody", "There is no client"),
    ),
    Question("/console/oauth/keys/rotate", "Rotate now", "signs from now on.", None),
    Question(
        "/console/oauth/keys/retire?kid={key}",
        "Retire key",
        "What it signed is refused.",
        ("/console/oauth/keys/retire?kid=nothing", "There is no signing key nothing."),
    ),
    Question(
        "/console/oauth/external/delete?name=Corporate%20login",
        "Delete server",
        "Corporate login deleted.",
        ("/console/oauth/external/delete?name=nothing", "There is no external authorization server"),
    ),
    Question(
        "/console/oauth/issuers/delete?issuer=https%3A%2F%2Fintranet.example.com",
        "Delete issuer",
        "is trusted no more.",
        ("/console/oauth/issuers/delete?issuer=nothing", "There is no trusted issuer"),
    ),
    Question(
        "/console/connections/delete?name=crm",
        "Delete connection",
        "crm deleted.",
        ("/console/connections/delete?name=nothing", "There is no connection"),
    ),
    Question(
        "/console/users/enable?user=katherine",
        "Enable user",
        "User katherine enabled.",
        ("/console/users/enable?user=nobody", "There is no user nobody."),
    ),
    Question(
        "/console/users/disable?user=ada",
        "Disable user",
        "User ada disabled.",
        ("/console/users/disable?user=nobody", "There is no user nobody."),
    ),
    Question(
        "/console/users/factors/reset?user=grace",
        "Remove second factors",
        "grace",
        ("/console/users/factors/reset?user=nobody", "There is no user nobody."),
    ),
    Question(
        "/console/users/delete?user=grace",
        "Delete user",
        "User grace deleted.",
        ("/console/users/delete?user=nobody", "There is no user nobody."),
    ),
    Question(
        "/console/groups/delete?group=visitors",
        "Delete group",
        "Group visitors deleted.",
        ("/console/groups/delete?group=nobody", "There is no group"),
    ),
    Question(
        "/console/acls/delete?target=airports",
        "Delete list",
        "airports",
        ("/console/acls/delete?target=nothing", "nothing"),
    ),
)
