"""A function behind a URL, as AWS has it: `function_url MODULE.NAME PORT`.

As there, a loop in the main thread takes one event after the other and calls the handler with it.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import queue
import sys
import threading
from concurrent.futures import Future
from typing import Any

import uvicorn

events: queue.SimpleQueue[tuple[dict[str, Any], Future[dict[str, Any]]]] = queue.SimpleQueue()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Make an event of each whole request, and a response of what the handler returns."""
    body, has_more = b"", True
    while has_more:
        message = await receive()
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
    event = {
        "path": scope["path"],
        "httpMethod": scope["method"],
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    returned: Future[dict[str, Any]] = Future()
    events.put((event, returned))
    answer = await asyncio.wrap_future(returned)
    content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    headers = [(name.encode(), value.encode()) for name, value in answer["headers"].items()]
    await send({"type": "http.response.start", "status": answer["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    module, _, name = sys.argv[1].rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    server = uvicorn.Server(uvicorn.Config(app, port=int(sys.argv[2]), lifespan="off"))
    threading.Thread(target=server.run, daemon=True).start()
    while True:
        event, returned = events.get()
        returned.set_result(handler(event, None))
