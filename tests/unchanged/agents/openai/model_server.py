"""A server with OpenAI's Responses API, whose models are scripts. It counts requests, whoever is killed meanwhile."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.unchanged.agents.openai.scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 15,
}


class ModelServer:
    """What the models were asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []
        self._slow = threading.Event()
        self._slow.set()

    def asked(self, label: str) -> list[str]:
        """Return the models that were asked in the conversations that begin with this text of the user, in order."""
        return [each["model"] for each in self.requests if _beginning(each["input"]) == label]

    def hold(self) -> None:
        """Let no model answer until `release`."""
        self._slow.clear()

    def release(self) -> None:
        """Let the models answer."""
        self._slow.set()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        items = SCRIPTS[request["model"]](request["input"])
        self._slow.wait(60)
        return {
            "id": f"resp_{len(request['input'])}",
            "object": "response",
            "created_at": 0,
            "model": request["model"],
            "status": "completed",
            "output": [item.model_dump(mode="json", by_alias=True, exclude_unset=True) for item in items],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": USAGE,
        }


@contextmanager
def serve_models() -> Iterator[ModelServer]:
    """Serve the scripts on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = json.dumps(models.answer(json.loads(body))).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002  # the base class's name

        def handle(self) -> None:
            with suppress(ConnectionError):  # who asked was killed
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    models = ModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield models
    finally:
        models.release()
        server.shutdown()
        server.server_close()
        thread.join()


def _beginning(items: list[dict[str, Any]]) -> str:
    return next((str(item["content"]) for item in items if item.get("role") == "user"), "")
