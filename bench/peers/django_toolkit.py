"""django-oauth-toolkit: token, introspection and one protected resource, kept in SQLite.

The client's secret is kept unhashed, which the toolkit allows: with its default, PBKDF2, each request would cost
hundreds of milliseconds.
"""

import os
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{os.environ['BENCH_DATA']}/toolkit.db",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    },
    OAUTH2_PROVIDER={"SCOPES": {"bench": "The benchmark"}},
)
django.setup()

from django.core.management import call_command  # noqa: E402 (only after setup)
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include  # noqa: E402
from django.urls import path  # noqa: E402
from oauth2_provider.decorators import protected_resource  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402


@protected_resource(scopes=["bench"])  # type: ignore[untyped-decorator]
def hello(request: Any) -> JsonResponse:
    return JsonResponse({"hello": request.GET["name"]})


def _answer(request: HttpRequest) -> JsonResponse:
    return hello(request)  # type: ignore[no-any-return]


urlpatterns = [path("hello", _answer), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]

call_command("migrate", verbosity=0)
if not Application.objects.filter(client_id="bench").exists():
    Application.objects.create(
        client_id="bench",
        client_secret=os.environ["BENCH_SECRET"],
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        name="Bench",
    )
app = get_wsgi_application()
