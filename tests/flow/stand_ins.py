"""Small local servers in place of the public petstore and httpbin, so that tests need no network."""

import asyncio
import base64
import json
from urllib.parse import parse_qs
from urllib.parse import urlsplit

PETS = [
    {"id": 1, "name": "Rex", "status": "available"},
    {"id": 2, "name": "Tom", "status": "sold"},
    {"id": 3, "name": "Ida", "status": "available"},
]


def petstore_document(host):
    """Swagger 2.0, as the petstore describes itself: two operations of it."""
    status = {"name": "status", "in": "query", "required": True, "type": "array", "collectionFormat": "multi"}
    pet_id = {"name": "petId", "in": "path", "required": True, "type": "integer"}
    return {
        "swagger": "2.0",
        "host": host,
        "basePath": "/v2",
        "schemes": ["http"],
        "paths": {
            "/pet/findByStatus": {"get": {"operationId": "findPetsByStatus", "parameters": [status]}},
            "/pet/{petId}": {"get": {"operationId": "getPetById", "parameters": [pet_id]}},
        },
    }


class StandIn:
    """A server on a loopback port; `address` is `http://127.0.0.1:PORT`."""

    def __init__(self):
        self.requests = []
        self._server = None
        self._hanging = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.host = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.address = f"http://{self.host}"
        return self

    async def __aexit__(self, *exception):
        self._server.close()
        for task in self._hanging:
            task.cancel()
        await asyncio.gather(*self._hanging, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        self._hanging.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:] if line}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((method, target, headers, body))
            await self._answer(writer, target, headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer, target, headers):
        path = urlsplit(target).path
        if path == "/hang":
            await asyncio.sleep(60)
        if path == "/endless":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
            for _ in range(200):
                writer.write(b"x" * 100_000)
                await writer.drain()
            return
        status, value = self._resource(path, parse_qs(urlsplit(target).query), headers)
        content = json.dumps(value).encode()
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Refused'}", "Content-Type: application/json"]
        if status == 302:
            lines.append(f"Location: {self.address}/v2/pet/1")
        lines += [f"Content-Length: {len(content)}", "Connection: close"]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        await writer.drain()

    def _resource(self, path, query, headers):
        if path == "/v2/swagger.json":
            return 200, petstore_document(self.host)
        if path == "/moved":
            return 302, {"moved": True}
        if path.startswith("/basic-auth/"):
            pair = ":".join(path.split("/")[2:])
            right = headers.get("authorization") == "Basic " + base64.b64encode(pair.encode()).decode()
            return (200, {"authenticated": True}) if right else (401, None)
        if path == "/v2/pet/findByStatus":
            return 200, [pet for pet in PETS if pet["status"] in query.get("status", [])]
        found = [pet for pet in PETS if path == f"/v2/pet/{pet['id']}"]
        return (200, found[0]) if found else (404, {"message": "Pet not found"})
