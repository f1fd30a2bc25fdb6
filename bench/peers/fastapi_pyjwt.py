"""FastAPI with PyJWT: one resource behind a JWT guard."""

import os
from pathlib import Path
from typing import Annotated

import jwt
from fastapi import Depends
from fastapi import FastAPI
from fastapi import HTTPException
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.security import HTTPBearer

_KEY = Path(os.environ["BENCH_PUBLIC_KEY"]).read_text()
app = FastAPI()


async def guard(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    try:
        claims = jwt.decode(credentials.credentials, _KEY, algorithms=["RS256"], audience="bench")
    except jwt.InvalidTokenError:
        raise HTTPException(401, "invalid_token") from None
    if "bench" not in claims["scope"].split():
        raise HTTPException(403, "insufficient_scope")
    return str(claims["sub"])


@app.get("/hello")
async def hello(name: str, subject: Annotated[str, Depends(guard)]) -> dict[str, str]:
    return {"hello": name, "subject": subject}
