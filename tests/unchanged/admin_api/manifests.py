"""An endpoint that only answers discovery, with a manifest that has everything a manifest can declare."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

MANIFEST: Final = "application/vnd.restate.endpointmanifest.v4+json"
_SUB: Final = {"type": "object", "properties": {"x": {"type": "integer"}}, "title": "Sub"}

#: Schemas by what is special about them.
SCHEMAS: Final[Mapping[str, Any]] = {
    "definitions": {
        "$defs": {"Sub": _SUB, "Other": {"type": "string"}},
        "properties": {
            "sub": {"$ref": "#/$defs/Sub"},
            "others": {"type": "array", "items": {"$ref": "#/$defs/Other"}},
            "name": {"type": "string", "default": "bob"},
        },
        "required": ["sub"],
        "title": "Request",
        "type": "object",
    },
    "root_reference": {"$ref": "#/$defs/Sub", "$defs": {"Sub": _SUB}},
    "recursive": {
        "type": "object",
        "title": "Tree",
        "properties": {"children": {"type": "array", "items": {"$ref": "#"}}},
    },
    "older": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"D": {"type": "string"}},
        "type": "object",
        "properties": {"d": {"$ref": "#/definitions/D"}, "me": {"$ref": "#"}},
    },
    "identified": {"$id": "https://example.com/x", "type": "string", "title": "A title/with odd~chars é"},
    "title_only": {"title": "Something"},
    "enumeration": {"enum": ["a", "b"], "title": "Choice"},
    "constant": {"const": 5},
    "any_of": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "several_types": {"type": ["string", "null"]},
    "array": {"type": "array", "items": {"type": "integer"}},
    "titled_array": {"type": "array", "title": "Numbers", "items": {"type": "integer"}},
    "number": {"type": "number", "minimum": 2},
    "described": {"type": "string", "description": "What it is.", "examples": ["one", "two"]},
    "empty_title": {"type": "string", "title": ""},
    "empty": {},
    "everything": True,
    "nothing": False,
    "named_like_references": {
        "type": "object",
        "properties": {"$ref": {"type": "string"}, "$defs": {"type": "string"}},
        "examples": [{"$ref": "#/$defs/not a reference"}],
    },
}


def _handler(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def _json(schema: Any, **more: Any) -> dict[str, Any]:
    return {"contentType": "application/json", "jsonSchema": schema, **more}


_OF_SCHEMAS: Final = [
    _handler(
        name,
        input=_json(schema, required=True),
        output=_json(schema, setContentTypeIfEmpty=False),
    )
    for name, schema in SCHEMAS.items()
]
_OF_CONTENT: Final = [
    _handler("nothing_in_or_out", input={}, output={"setContentTypeIfEmpty": False}),
    _handler("defaults"),
    _handler(
        "binary",
        input={"required": True, "contentType": "application/octet-stream"},
        output={"contentType": "application/octet-stream", "setContentTypeIfEmpty": False},
    ),
    _handler(
        "anything",
        input={"required": False, "contentType": "*/*"},
        output={"contentType": "text/plain", "setContentTypeIfEmpty": True},
    ),
    _handler("any_text", input={"required": True, "contentType": "text/*"}),
    _handler("optional", input=_json({"type": "string"}, required=False)),
    _handler(
        "typed_text", input={"required": True, "contentType": "text/csv", "jsonSchema": {"type": "string"}}
    ),
    _handler("typed_if_empty", output=_json({"type": "string"}, setContentTypeIfEmpty=True)),
    _handler("titled_if_empty", output=_json({"title": "T"}, setContentTypeIfEmpty=True)),
    _handler("untyped_if_empty", output=_json({}, setContentTypeIfEmpty=True)),
    _handler("not_required", input={"required": False, "contentType": "application/json"}),
    _handler("titled_not_required", input=_json({"title": "T"}, required=False)),
    _handler("empty_type_if_empty", output={"setContentTypeIfEmpty": True}),
]
_OF_SETTINGS: Final = [
    _handler(
        "documented", documentation="What it does.\n\nAnd *more*: <b>é</b>", metadata={"h": "1", "": "empty"}
    ),
    _handler("hidden", ingressPrivate=True),
    _handler("impatient", inactivityTimeout=200),
    _handler(
        "tuned",
        inactivityTimeout=0,
        abortTimeout=90_061_001,
        journalRetention=0,
        idempotencyRetention=60_000,
        enableLazyState=True,
        retryPolicyInitialInterval=10,
        retryPolicyMaxInterval=2_000,
        retryPolicyMaxAttempts=0,
        retryPolicyExponentiationFactor=1.5,
        retryPolicyOnMaxAttempts="KILL",
    ),
]
_KEYED: Final = [
    _handler("alone", ty="EXCLUSIVE", input=_json({"type": "integer"}, required=True)),
    _handler("together", ty="SHARED", documentation="shared", input={}, output={}),
    _handler("unsaid"),
    _handler("lazy", enableLazyState=True),
    _handler("eager", enableLazyState=False),
]


def rich_services(prefix: str) -> Sequence[dict[str, Any]]:
    """Return the services of the manifest, with a prefix to their names."""
    return [
        {"name": f"{prefix}Schemas", "ty": "SERVICE", "handlers": _OF_SCHEMAS},
        {"name": f"{prefix}Contents", "ty": "SERVICE", "documentation": "", "handlers": _OF_CONTENT},
        {
            "name": f"{prefix}Settings",
            "ty": "SERVICE",
            "documentation": "Service.\nSecond line.",
            "metadata": {"team": "x", "a": "b"},
            "handlers": _OF_SETTINGS,
        },
        {"name": f"{prefix}Keyed.v-2_x", "ty": "VIRTUAL_OBJECT", "metadata": {}, "handlers": _KEYED},
        {
            "name": f"{prefix}Lazy",
            "ty": "VIRTUAL_OBJECT",
            "enableLazyState": True,
            "inactivityTimeout": 5_000,
            "abortTimeout": 0,
            "journalRetention": 86_400_000,
            "idempotencyRetention": 1,
            "retryPolicyInitialInterval": 1_000,
            "retryPolicyMaxAttempts": 3,
            "handlers": _KEYED[:2],
        },
        {
            "name": f"{prefix}Flow",
            "ty": "WORKFLOW",
            "documentation": "flow",
            "handlers": [
                _handler(
                    "run",
                    ty="WORKFLOW",
                    workflowCompletionRetention=3 * 86_400_000,
                    input=_json({"type": "object", "title": "In"}, required=True),
                    output=_json({"type": "string", "title": "Out"}, setContentTypeIfEmpty=False),
                ),
                _handler("poke", ty="SHARED", input={"required": True, "contentType": "application/json"}),
                _handler("unsaid"),
            ],
        },
        {
            "name": f"{prefix}PlainFlow",
            "ty": "WORKFLOW",
            "handlers": [_handler("go", ty="WORKFLOW")],
        },
        {"name": f"{prefix}Private", "ty": "SERVICE", "ingressPrivate": True, "handlers": [_handler("h")]},
        {"name": f"{prefix}Empty", "ty": "SERVICE", "handlers": []},
    ]


class ManifestServer:
    """Answers discovery over HTTP/1.1 with services that may be changed.

    Attributes:
        services: of the manifest.
        members: more of the manifest, in place of the usual ones.
        answer: status, content type and body, in place of the manifest; None for the usual ones.
        url: where it is.
    """

    def __init__(self, services: Sequence[dict[str, Any]]) -> None:
        self.services = services
        self.members: dict[str, Any] = {}
        self.answer: tuple[int, str, bytes] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._answers())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answers(self) -> type[BaseHTTPRequestHandler]:
        def answer() -> tuple[int, str, bytes]:
            manifest = {
                "protocolMode": "REQUEST_RESPONSE",
                "minProtocolVersion": 5,
                "maxProtocolVersion": 6,
                "services": self.services,
                **self.members,
            }
            return self.answer or (200, MANIFEST, json.dumps(manifest).encode())

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, content_type, body = answer()
                self.send_response(status)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
                pass

        return Answers
