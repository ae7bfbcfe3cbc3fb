"""A workspace of Slack over HTTP: the methods of the Web API that this package calls, Slack's limits, and clicks."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    from typing import Self

TOKEN, SECRET, TEAM = "xoxb-fake-token", "8f742231b10e8888abcd99yyyzzz85a5", "T0001"


def user(user_id: str, email: str, **changes: Any) -> dict[str, Any]:
    profile = {"email": email, "real_name": email.partition("@")[0]}
    return {"id": user_id, "team_id": TEAM, "deleted": False, "is_bot": False, "profile": profile, **changes}


@dataclass
class FakeSlack:
    """A workspace. Messages are kept by conversation, with what was changed in them."""

    users: list[dict[str, Any]] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=dict)
    #: What methods answer instead of doing something; those in `once` do it the second time.
    errors: dict[str, str] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: Names of the methods that were called.
    calls: list[str] = field(default_factory=list)
    #: What was sent to a `response_url`.
    responses: list[dict[str, Any]] = field(default_factory=list)
    #: When to call again after the error `ratelimited`.
    retry_after_s: int = 7
    #: Seconds until each answer.
    delay_s: float = 0.0
    _count: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def __enter__(self) -> Self:
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(dict(parse_qsl(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                is_json = "json" in self.headers.get("content-type", "")
                self.answer(json.loads(body or b"{}") if is_json else dict(parse_qsl(body.decode())))

            def answer(self, arguments: dict[str, Any]) -> None:
                time.sleep(slack.delay_s)
                path = urlsplit(self.path).path
                if path.startswith("/respond/"):
                    slack.responses.append(arguments)
                    self.reply(200, "ok", {})
                    return
                is_known = self.headers.get("authorization") == f"Bearer {TOKEN}"
                result = (
                    slack.call(path.removeprefix("/api/"), arguments)
                    if is_known
                    else {"error": "invalid_auth"}
                )
                limited = result.get("error") == "ratelimited"
                self.reply(
                    429 if limited else 200,
                    json.dumps({"ok": "error" not in result, **result}),
                    {"retry-after": str(slack.retry_after_s)} if limited else {},
                )

            def reply(self, status: int, text: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {
                    "content-type": "application/json",
                    "content-length": str(len(text.encode())),
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def call(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(method)
        if method in self.errors:
            return {"error": self.errors.pop(method) if method in self.once else self.errors[method]}
        match method:
            case "auth.test":
                return {"team_id": TEAM}
            case "users.info":
                return self._user("user_not_found", lambda one: one["id"] == given["user"])
            case "users.lookupByEmail":
                return self._user("users_not_found", lambda one: one["profile"]["email"] == given["email"])
            case "conversations.open":
                return {"channel": {"id": given["users"].replace("U", "D", 1)}}
            case "conversations.list":
                return {"channels": [{"id": one, "name": name} for name, one in self.channels.items()]}
            case "conversations.history":
                found = [one for one in self.messages.get(given["channel"], []) if "thread_ts" not in one]
                return {"messages": found[::-1]}
            case "chat.postMessage" | "chat.update":
                return self._write(method, given)
        return {"error": "unknown_method"}

    def _user(self, error: str, is_wanted: Any) -> dict[str, Any]:
        found = next(filter(is_wanted, self.users), None)
        return {"error": error} if found is None else {"user": found}

    def _write(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        if not fits(given["blocks"]):
            return {"error": "invalid_blocks"}
        messages = self.messages.setdefault(given["channel"], [])
        if method == "chat.update":
            found = next((one for one in messages if one["ts"] == given["ts"]), None)
            if found is None:
                return {"error": "message_not_found"}
            found.update(given, edited=True)
            return {"ts": given["ts"]}
        self._count += 1
        ts = f"1796047500.{self._count:06d}"
        messages.append({**given, "ts": ts})
        return {"ts": ts, "channel": given["channel"]}

    def texts(self, conversation: str) -> list[str]:
        """Return the text of each message with its blocks."""
        return [text_of(one["blocks"]) for one in self.messages.get(conversation, [])]

    def click(self, message: dict[str, Any], button: str, user_id: str) -> bytes:
        """Return the body of the request that Slack sends when somebody clicks."""
        actions = next(one for one in message["blocks"] if one["type"] == "actions")
        element = next(one for one in actions["elements"] if one["text"]["text"] == button)
        self._count += 1
        origin = self.url.removesuffix("api/")
        payload = {
            "type": "block_actions",
            "user": {"id": user_id, "username": user_id.lower(), "name": user_id.lower(), "team_id": TEAM},
            "api_app_id": "A0001",
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": message["channel"],
                "is_ephemeral": False,
            },
            "trigger_id": f"12321423423.333649436676.{self._count}",
            "team": {"id": TEAM, "domain": "example"},
            "channel": {"id": message["channel"], "name": "directmessage"},
            "message": {
                "type": "message",
                "ts": message["ts"],
                "text": message["text"],
                "blocks": message["blocks"],
            },
            "response_url": f"{origin}respond/{self._count}",
            "actions": [{**element, "block_id": "b1", "action_ts": "1796047501.000100"}],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()


def signed(body: bytes, secret: str = SECRET, at_s: float | None = None) -> dict[str, str]:
    """Return the headers of a request as Slack signs it."""
    timestamp = str(int(time.time() if at_s is None else at_s))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
    }


def text_of(blocks: list[dict[str, Any]]) -> str:
    """Return all text of blocks, a line for each."""
    lines: list[str] = []
    for block in blocks:
        for one in (block.get("text"), *block.get("fields", ()), *block.get("elements", ())):
            if one is not None:
                text = one["text"]
                lines.append(text if isinstance(text, str) else f"[{text['text']}]")
    return "\n".join(lines)


def fits(blocks: list[dict[str, Any]]) -> bool:
    """Return whether blocks are within the limits that Slack documents."""
    return len(blocks) <= 50 and all(_fits(block) for block in blocks)


def _fits(block: dict[str, Any]) -> bool:
    match block["type"]:
        case "section" if "fields" in block:
            return 1 <= len(block["fields"]) <= 10 and all(
                1 <= len(one["text"]) <= 2000 for one in block["fields"]
            )
        case "section":
            return 1 <= len(block["text"]["text"]) <= 3000
        case "context":
            return 1 <= len(block["elements"]) <= 10 and all(one["text"] for one in block["elements"])
        case "actions":
            return all(
                len(one.get("value", "")) <= 2000
                and len(one.get("url", "")) <= 3000
                and len(one["text"]["text"]) <= 75
                for one in block["elements"]
            )
    return False
