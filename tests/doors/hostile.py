"""An endpoint that misbehaves, as a process of its own: `python -m tests.doors.hostile PORT`.

It speaks HTTP/2 by prior knowledge and HTTP/1.1 on one port. The path of a registered URL chooses what it does:
`http://127.0.0.1:PORT/silent` announces the object `silent`, whose handler `run` never answers. The prefix `h2-` gives
an object for the other version another name, and `bidi-` keeps the request open.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Final

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.frames import blob, frame, number, value

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST_TYPE: Final = "application/vnd.restate.endpointmanifest.v3+json"
PROTOCOL_TYPE: Final = "application/vnd.restate.invocation.v5"

SET_STATE: Final = frame(0x0403, blob(1, b"k") + blob(3, value(b"1")))
OUTPUT: Final = frame(0x0401, blob(14, value(b'"done"')))
END: Final = frame(0x0003)


def sleep(wake_up_ms: int, completion_id: int) -> bytes:
    """Encode a Sleep command."""
    return frame(0x040C, number(1, wake_up_ms) + number(11, completion_id))


def one_way_call(target: str, invoke_ms: int, completion_id: int) -> bytes:
    """Encode a OneWayCall command to the handler `run` of an object."""
    named = blob(1, target) + blob(2, "run") + number(4, invoke_ms) + blob(6, "late")
    return frame(0x040E, named + number(10, completion_id))


def manifest(name: str) -> bytes:
    """Return the manifest of an endpoint with one object."""
    service: dict[str, object] = {"name": name, "ty": "VIRTUAL_OBJECT", "handlers": [{"name": "run"}]}
    if name == "long":
        service["abortTimeout"] = 2**63 - 1
    if name == "deep":
        service["handlers"] = [{"name": "run", "input": {"contentType": "*/*", "jsonSchema": {"a": "DEEP"}}}]
    described = {
        "protocolMode": "BIDI_STREAM" if name.startswith("bidi-") else "REQUEST_RESPONSE",
        "minProtocolVersion": 5,
        "maxProtocolVersion": 5,
        "services": [service],
    }
    return json.dumps(described).encode().replace(b'"DEEP"', b"[" * 100_000 + b"]" * 100_000)


def body(name: str) -> Iterator[bytes] | None:
    """Return the pieces of a response that ends; None for what is not such a response."""
    match name.removeprefix("h2-"):
        case "commands":  # a million of them
            return iter([SET_STATE * 10_000] * 100)
        case "answers":
            return iter([OUTPUT + END])
        case "large":
            return iter([frame(0x0401, blob(14, value(b'"' + b"x" * 30_000_000 + b'"'))) + END])
        case "late-sleep":
            return iter([b"".join(sleep(2**64 - 1, count) for count in range(1, 10)) + OUTPUT + END])
        case "late-send":
            return iter([one_way_call("answers", 2**64 - 1, 1) + OUTPUT + END])
    return None


def frames_without_end(stream_id: int, name: str) -> bytes | None:
    """Return ten thousand frames, which are repeated without end; None for what does not flood so."""
    match name.removeprefix("h2-"):
        case "pings":
            return PingFrame(0, b"12345678").serialize() * 10_000
        case "settings":
            return SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 65_535}).serialize() * 10_000
        case "windows":
            return WindowUpdateFrame(stream_id, 1).serialize() * 10_000
        case "empty-data":
            return DataFrame(stream_id, b"").serialize() * 10_000
        case "padding":
            return DataFrame(stream_id, b"", flags=["PADDED"], pad_length=1).serialize() * 10_000
        case "trailers":
            continuation = ContinuationFrame(stream_id, b"").serialize()
            return HeadersFrame(stream_id, b"").serialize() + continuation * 10_000
        case "unknown":
            return (bytes(3) + b"\xee" + bytes(5)) * 10_000
    return None


class Connection(asyncio.Protocol):
    """Finds out which version a connection speaks."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""
        self.speaker: Http1 | Http2 | None = None

    def data_received(self, data: bytes) -> None:
        """Pass on what came, once it shows the version."""
        if self.speaker is None:
            self.received += data
            if len(self.received) < len(b"PRI * HTTP/2"):
                return
            data = self.received
            self.speaker = (
                Http2(self.transport) if data.startswith(b"PRI * HTTP/2") else Http1(self.transport)
            )
        self.speaker.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop what floods it."""
        if self.speaker is not None:
            self.speaker.stop()


class Speaker:
    """Writes until the connection is gone."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.tasks: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Stop what floods."""
        for task in self.tasks:
            task.cancel()

    def flood(self, pieces: Iterator[bytes], *, pause_s: float = 0) -> None:
        """Write all pieces as fast as the peer takes them."""
        self.tasks.add(asyncio.get_running_loop().create_task(self._flood(pieces, pause_s)))

    async def _flood(self, pieces: Iterator[bytes], pause_s: float) -> None:
        for piece in pieces:
            if self.transport.is_closing():
                return
            self.transport.write(piece)
            await asyncio.sleep(pause_s)
            while self.transport.get_write_buffer_size() > 1 << 20:
                await asyncio.sleep(0.001)


def forever(piece: bytes) -> Iterator[bytes]:
    """Repeat a piece without end."""
    while True:
        yield piece


def chunk(piece: bytes) -> bytes:
    """Encode a chunk of an HTTP/1.1 body; the last one if it is empty."""
    return b"%x\r\n%s\r\n" % (len(piece), piece)


class Http1(Speaker):
    """Answers over HTTP/1.1."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self.received = b""

    def receive(self, data: bytes) -> None:
        """Answer a request that is complete."""
        self.received += data
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found or (head.startswith(b"POST") and not rest.endswith(b"0\r\n\r\n")):
            return
        self.received = b""
        path = head.split(b" ", 2)[1].decode()
        name = path.split("/")[1]
        if path.endswith("/discover"):
            self._discover(name)
        else:
            self._invoke(name)

    def _discover(self, name: str) -> None:
        if name == "mute":
            return
        if name == "lying":
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {MANIFEST_TYPE}\r\ncontent-length: 9\r\n\r\n"
            self.transport.write(head.encode() + manifest(name))
            return
        self.transport.write(self._head(MANIFEST_TYPE))
        if name == "endless":
            self.flood(forever(chunk(b" " * 65_536)))
        else:
            self.transport.write(chunk(manifest(name)) + chunk(b""))

    def _invoke(self, name: str) -> None:
        head = self._head(PROTOCOL_TYPE)
        whole = body(name)
        if whole is not None:
            self.flood(iter([head, *map(chunk, whole), chunk(b"")]))
        elif name == "continue":
            self.flood(forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000))
        elif name == "chunks":
            self.transport.write(head)
            self.flood(forever(chunk(b"\0") * 10_000))
        elif name == "talking":
            self.transport.write(head)
            self.flood(forever(chunk(SET_STATE)), pause_s=0.2)
        elif name == "head":
            self.transport.write(head)

    @staticmethod
    def _head(content_type: str) -> bytes:
        lines = ("HTTP/1.1 200 OK", f"content-type: {content_type}", "transfer-encoding: chunked", "", "")
        return "\r\n".join(lines).encode()


class Http2(Speaker):
    """Answers over HTTP/2."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self.h2 = H2Connection(H2Configuration(client_side=False))
        self.h2.initiate_connection()
        self.paths: dict[int, str] = {}
        #: What waits for a window, by stream; the last iterator comes first.
        self.unsent: dict[int, list[Iterator[bytes | memoryview]]] = {}

    def receive(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        try:
            received = self.h2.receive_data(data)
        except ProtocolError:
            self.transport.abort()
            return
        for event in received:
            if isinstance(event, events.RequestReceived):
                self._begin(event.stream_id or 0, dict(event.headers or ())[b":path"].decode())
            elif isinstance(event, events.DataReceived) and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id or 0)
            elif isinstance(event, events.StreamReset):
                self.unsent.pop(event.stream_id or 0, None)
        self._send_unsent()
        self.transport.write(self.h2.data_to_send())

    def _begin(self, stream_id: int, path: str) -> None:
        name = path.split("/")[1]
        if path.endswith("/discover"):
            self._discover(stream_id, name)
        elif name.removeprefix("h2-").removeprefix("bidi-") != "silent":
            self._invoke(stream_id, name)

    def _discover(self, stream_id: int, name: str) -> None:
        if name == "h2-mute":
            return
        length = [("content-length", "9")] if name == "h2-lying" else []
        self.h2.send_headers(stream_id, [(":status", "200"), ("content-type", MANIFEST_TYPE), *length])
        endless = forever(b" " * 16_384)
        self.unsent[stream_id] = [endless if name == "h2-endless" else iter([manifest(name)])]

    def _invoke(self, stream_id: int, name: str) -> None:
        self.h2.send_headers(stream_id, [(":status", "200"), ("content-type", PROTOCOL_TYPE)])
        whole = body(name)
        flood = frames_without_end(stream_id, name)
        if whole is not None:
            self.unsent[stream_id] = [whole]
        elif flood is not None:
            self.transport.write(self.h2.data_to_send())
            self.flood(forever(flood))
        elif name.endswith("talking"):
            self.transport.write(self.h2.data_to_send())
            self.flood(forever(DataFrame(stream_id, SET_STATE).serialize()), pause_s=0.2)

    def _send_unsent(self) -> None:
        """Send what the windows allow."""
        for stream_id, waiting in list(self.unsent.items()):
            try:
                while waiting and (window := self.h2.local_flow_control_window(stream_id)) > 0:
                    piece = next(waiting[-1], None)
                    if piece is None:
                        waiting.pop()
                        continue
                    size = min(window, self.h2.max_outbound_frame_size)
                    self.h2.send_data(stream_id, bytes(piece[:size]))
                    if len(piece) > size:
                        waiting.append(iter([memoryview(piece)[size:]]))
                if not waiting:
                    self.h2.end_stream(stream_id)
                    del self.unsent[stream_id]
            except ProtocolError:
                self.unsent.pop(stream_id, None)


async def main(port: int) -> None:
    """Serve until the process is stopped."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
