"""Serve an application of the official SDK, record its invocations, and print them as a protocol vector.

`python -m scripts.capture_vector MODULE:APP [HOST:PORT]`. Register the address with a Restate server, invoke the
handlers, then press Ctrl-C: the vector is on standard output. Complete its `title`, `about` and `handler` by hand.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc_tools
from awaken import _core
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc
from hypercorn.asyncio import serve
from hypercorn.config import Config

from scripts.install_tools import VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from google.protobuf.message import Message

    Event = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Event]]
    Send = Callable[[Event], Awaitable[None]]

ROOT = Path(__file__).resolve().parents[1]
PROVENANCE = {
    "runtime": f"restate-server {VERSION}",
    "endpoint": f"official Python SDK {metadata.version('restate-sdk')}",
    "how": "captured between the two by scripts/capture_vector.py",
}


class Recorder:
    """An ASGI application that passes everything on and records the frames of each invocation, by attempt."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app
        self._messages = _messages()
        self.attempts: list[dict[str, Any]] = []

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/invoke/"):
            await self._app(scope, receive, send)
            return
        content_type = dict(scope["headers"])[b"content-type"].decode()
        steps: list[dict[str, Any]] = []
        self.attempts.append(
            {"path": scope["path"], "version": int(content_type.rpartition(".v")[2]), "steps": steps}
        )
        incoming, outgoing = _core.Decoder(), _core.Decoder()

        async def received() -> Event:
            event = await receive()
            if event["type"] == "http.request":
                self._note(steps, "to_endpoint", incoming, event)
            return event

        async def sent(event: Event) -> None:
            if event["type"] == "http.response.body":
                self._note(steps, "to_runtime", outgoing, event)
            await send(event)

        await self._app(scope, received, sent)

    def _note(
        self, steps: list[dict[str, Any]], direction: str, decoder: _core.Decoder, event: Event
    ) -> None:
        decoder.receive(event.get("body", b""))
        while (message := decoder.take_message()) is not None:
            steps.append({"direction": direction, **self._describe(message)})
        if not event.get("more_body", False):
            steps.append({"direction": direction, "end": True})

    def _describe(self, message: _core.Message) -> dict[str, Any]:
        kind = "control" if message.code < 0x0400 else "command" if message.code < 0x8000 else "notification"
        name = {"control": message.name, "command": f"{message.name}Command"}.get(kind, "Notification")
        return {
            "kind": kind,
            "message": message.name,
            "code": f"0x{message.code:04X}",
            "flags": f"0x{message.flags:04X}",
            "hex": message.encode().hex(),
            "fields": _fields(self._messages[f"awaken.service.{name}"].FromString(message.payload)),
        }


def _messages() -> dict[str, type[Message]]:
    """Return the messages of the protocol by their full name, read from the `.proto` file."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "descriptors"
        included = Path(grpc_tools.__file__).parent / "_proto"
        options = [f"-I{ROOT / 'proto'}", f"-I{included}", f"--descriptor_set_out={target}"]
        if protoc.main(["protoc", *options, "awaken/service/protocol.proto"]):
            sys.exit("protoc failed; see above")
        files = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes()).file
    return message_factory.GetMessages(files, descriptor_pool.DescriptorPool())


def _fields(message: Message) -> dict[str, Any]:
    return {
        field.name: [_value(item) for item in value] if field.is_repeated else _value(value)
        for field, value in message.ListFields()
    }


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return {"hex": value.hex()}
        return {"text": text} if text.isprintable() else {"hex": value.hex()}
    return value if isinstance(value, (bool, int, str)) else _fields(value)


def main() -> None:
    """Serve until Ctrl-C, then print the vector."""
    module, _, name = sys.argv[1].partition(":")
    config = Config()
    config.bind = [sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:9080"]
    recorder = Recorder(getattr(importlib.import_module(module), name))
    asyncio.run(serve(recorder, config))  # type: ignore[arg-type]  # an ASGI application in our words
    vector = {
        "title": "",
        "about": "",
        "handler": "",
        "provenance": PROVENANCE,
        "attempts": recorder.attempts,
    }
    print(json.dumps(vector, indent=2))


if __name__ == "__main__":
    main()
