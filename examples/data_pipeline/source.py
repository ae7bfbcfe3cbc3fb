"""A source of records for development, which is often busy: `python source.py`.

It answers every tenth record with 503 at first, and knows no record 13.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Source(ThreadingHTTPServer):
    """Counts the requests for each record, and how many are answered at the same time.

    Args:
        port: 0 for one that is free.
        is_down: whether it answers everything with 503.
    """

    request_queue_size = 100

    def __init__(self, port: int, *, is_down: bool = False) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.is_down = is_down
        self.requests: Counter[int] = Counter()
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def read(self, number: int) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer for a record."""
        with self._lock:
            self.requests[number] += 1
        if number == 13:
            return 404, {"error": "there is no record 13"}
        if self.is_down or (number % 10 == 0 and self.requests[number] == 1):
            return 503, {"error": "busy"}
        return 200, {"name": f"article {number}", "price": f"{number / 100:.2f}"}

    def count(self, change: int) -> None:
        with self._lock:
            self._now += change
            self.most_at_once = max(self.most_at_once, self._now)


class Handler(BaseHTTPRequestHandler):
    server: Source  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.count(+1)
        status, value = self.server.read(int(self.path.removeprefix("/records/")))
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.server.count(-1)
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print no line for each request."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=7071)
    source = Source(parser.parse_args().port)
    print(f"source on {source.url}", flush=True)
    source.serve_forever()
