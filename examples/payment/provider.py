"""A payment provider for development: cards that end in 0002 are declined, and of those in 0003 it never tells.

python provider.py --webhooks http://127.0.0.1:8080/webhooks/receive
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

SECRET = os.environ.get("WEBHOOK_SECRET", "whsec_only_for_tests").encode()


class Provider(ThreadingHTTPServer):
    """Keeps charges in memory, by their idempotency keys.

    Args:
        port: 0 for one that is free.
        webhooks: where it sends webhooks, or None to send none.
        delay_s: seconds until it does.
    """

    def __init__(self, port: int, webhooks: str | None, delay_s: float = 0.5) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.webhooks = webhooks
        self.delay_s = delay_s
        self.charges: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        #: How many of the next requests fail, as if the provider were down.
        self.failures = 0

    def charge(self, key: str, order: dict[str, Any]) -> dict[str, Any]:
        """Return the charge of an idempotency key, which is a new one for a new key."""
        if key not in self.charges:
            charge = {**order, "id": f"ch_{len(self.charges) + 1}", "status": "pending"}
            self.charges[key] = charge
            if self.webhooks and not order["card"].endswith("0003"):
                threading.Timer(self.delay_s, self.tell, (charge,)).start()
        return self.charges[key]

    def refund(self, identifier: str) -> dict[str, Any]:
        charge = next(charge for charge in self.charges.values() if charge["id"] == identifier)
        charge["status"] = "refunded"
        return charge

    def tell(self, charge: dict[str, Any]) -> None:
        """Send a webhook, again and again until somebody takes it."""
        charge["status"] = "declined" if charge["card"].endswith("0002") else "succeeded"
        body = json.dumps(
            {"type": f"charge.{charge['status']}", "charge": charge["id"], "reference": charge["reference"]}
        ).encode()
        for _ in range(100):
            now = str(int(time.time()))
            signature = hmac.new(SECRET, now.encode() + b"." + body, hashlib.sha256).hexdigest()
            headers = {
                "content-type": "application/octet-stream",
                "provider-signature": f"t={now},v1={signature}",
            }
            try:
                httpx.post(self.webhooks or "", content=body, headers=headers).raise_for_status()
            except httpx.HTTPError:
                time.sleep(self.delay_s)
            else:
                return


class Handler(BaseHTTPRequestHandler):
    server: Provider  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(self.path)
        match self.path.split("/"):
            case _ if self.server.failures > 0:
                self.server.failures -= 1
                self.answer(503, {"error": "try again later"})
            case ["", "charges"] if body["cents"] <= 0:
                self.answer(422, {"error": f"cannot charge {body['cents']} cents"})
            case ["", "charges"]:
                self.answer(201, self.server.charge(self.headers["idempotency-key"], body))
            case ["", "charges", identifier, "refund"]:
                self.answer(200, self.server.refund(identifier))
            case _:
                self.answer(404, {"error": f"there is no {self.path}"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print no line for each request."""

    def answer(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=7070)
    parser.add_argument("--webhooks", required=True)
    options = parser.parse_args()
    provider = Provider(options.port, options.webhooks)
    print(f"provider on {provider.url}", flush=True)
    provider.serve_forever()
