"""Authlib on Flask with SQLAlchemy, as its documentation has it: client_credentials, kept in SQLite."""

import os
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import OAuth2ClientMixin
from authlib.integrations.sqla_oauth2 import OAuth2TokenMixin
from authlib.oauth2.rfc6749 import grants
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['BENCH_DATA']}/authlib.db"
db = SQLAlchemy(app)


class Client(db.Model, OAuth2ClientMixin):  # type: ignore[name-defined, misc]
    id = db.Column(db.Integer, primary_key=True)


class Token(db.Model, OAuth2TokenMixin):  # type: ignore[name-defined, misc]
    id = db.Column(db.Integer, primary_key=True)


def query_client(client_id: str) -> Client | None:
    return Client.query.filter_by(client_id=client_id).first()


def save_token(token: dict[str, Any], request: Any) -> None:
    db.session.add(Token(client_id=request.client.client_id, **token))
    db.session.commit()


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012 (Authlib's own shape)


server = AuthorizationServer(app, query_client=query_client, save_token=save_token)
server.register_grant(ClientCredentials)


@app.post("/oauth/token")
def token() -> Any:
    return server.create_token_response()


with app.app_context():

    @event.listens_for(db.engine, "connect")
    def durable(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    db.create_all()
    if query_client("bench") is None:
        client = Client(client_id="bench", client_secret=os.environ["BENCH_SECRET"], client_id_issued_at=0)
        client.set_client_metadata(
            {
                "grant_types": ["client_credentials"],
                "scope": "bench",
                "token_endpoint_auth_method": "client_secret_basic",
            }
        )
        db.session.add(client)
        db.session.commit()
