"""Runs an application of the official SDK in this process, for tests that compare it with ours."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests import frames


async def answer_of(app: Any, service: str, handler: str, *request: bytes, version: int = 6) -> bytes:
    """Send a whole request to an ASGI application and return the response's body."""
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answered = bytearray()
    is_over = asyncio.Event()

    async def send(event: dict[str, Any]) -> None:
        if event["type"] != "http.response.body":
            assert event["status"] == 200
            return
        answered.extend(event.get("body", b""))
        if "Suspension" in (names := frames.names(bytes(answered))) or "End" in names or "Error" in names:
            is_over.set()

    path = f"/invoke/{service}/{handler}"
    content_type = f"application/vnd.restate.invocation.v{version}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "2",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", content_type.encode())],
    }
    for data in request:
        events.put_nowait({"type": "http.request", "body": data, "more_body": True})
    events.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    task = asyncio.ensure_future(app(scope, events.get, send))
    await is_over.wait()
    events.put_nowait({"type": "http.disconnect"})
    await task
    return bytes(answered)


async def manifest_of(app: Any, *, version: int) -> dict[str, Any]:
    """Request the manifest of an ASGI application."""
    answered = bytearray()

    async def send(event: dict[str, Any]) -> None:
        answered.extend(event.get("body", b""))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "2",
        "method": "GET",
        "path": "/discover",
        "raw_path": b"/discover",
        "query_string": b"",
        "headers": [(b"accept", f"application/vnd.restate.endpointmanifest.v{version}+json".encode())],
    }
    await app(scope, receive, send)
    manifest: dict[str, Any] = json.loads(answered)
    return manifest
