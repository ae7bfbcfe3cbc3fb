"""An HTTP/2 client over the h2 state machine that does only what a test asks for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings
from hyperframe.frame import Frame, HeadersFrame

from tests.unit.transports.sockets import open_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEADERS = [(":method", "POST"), (":scheme", "http"), (":authority", "test"), (":path", "/invoke/S/h")]


@dataclass
class Response:
    status: int | None = None
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    is_ended: bool = False
    reset_code: int | None = None
    frames: int = 0

    @property
    def is_over(self) -> bool:
        return self.is_ended or self.reset_code is not None


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.h2 = H2Connection(
            H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self.responses: dict[int, Response] = {}
        self.events: list[events.Event] = []
        self.gives_credit = True
        self.is_closed = False
        self.goaway_codes: list[int] = []

    @classmethod
    async def connect(
        cls, address: tuple[str, int], window: int | None = None, *, gives_credit: bool = True
    ) -> Client:
        client = cls(*await open_connection(address))
        client.gives_credit = gives_credit
        if window is not None:
            client.h2.local_settings = Settings(initial_values={SettingCodes.INITIAL_WINDOW_SIZE: window})
        client.h2.initiate_connection()
        client.flush()
        await client.read_until(lambda: client.saw(events.SettingsAcknowledged))
        return client

    def saw(self, kind: type[events.Event]) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def request(
        self,
        body: bytes | None = None,
        *,
        is_end: bool = True,
        headers: Iterable[tuple[str, str]] = (),
        base: Iterable[tuple[str, str]] = HEADERS,
    ) -> int:
        stream_id = self.h2.get_next_available_stream_id()
        self.responses[stream_id] = Response()
        self.h2.send_headers(stream_id, [*base, *headers], end_stream=is_end and body is None)
        if body is not None:
            self.h2.send_data(stream_id, body, end_stream=is_end)
        self.flush()
        return stream_id

    def send(self, stream_id: int, data: bytes, *, is_end: bool = False) -> None:
        self.h2.send_data(stream_id, data, end_stream=is_end)
        self.flush()

    def send_window(self, stream_id: int) -> int:
        return self.h2.local_flow_control_window(stream_id)

    async def read_until(self, is_done: Callable[[], bool]) -> None:
        async with asyncio.timeout(25):
            while not is_done():
                if not await self.read_once():
                    break
        assert is_done(), f"connection closed before; saw {self.events[-5:]}"

    async def read_once(self) -> bool:
        try:
            data = await self.reader.read(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.is_closed = True
            return False
        for event in self.h2.receive_data(data):
            self.events.append(event)
            self._take(event)
        self.flush()
        return True

    def _take(self, event: events.Event) -> None:
        if isinstance(event, events.ResponseReceived):
            response = self.responses[event.stream_id]
            response.headers = dict(event.headers)
            response.status = int(response.headers.pop(b":status"))
        elif isinstance(event, events.DataReceived):
            self.responses[event.stream_id].body += event.data
            self.responses[event.stream_id].frames += 1
            if self.gives_credit and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, events.StreamEnded):
            self.responses[event.stream_id].is_ended = True
        elif isinstance(event, events.StreamReset):
            self.responses[event.stream_id].reset_code = int(event.error_code or 0)
        elif isinstance(event, events.ConnectionTerminated):
            self.goaway_codes.append(int(event.error_code or 0))

    async def response(self, stream_id: int) -> Response:
        await self.read_until(lambda: self.responses[stream_id].is_over)
        return self.responses[stream_id]

    async def read_to_close(self) -> None:
        async with asyncio.timeout(25):
            while await self.read_once():
                pass

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def send_frames(client: Client, *frames: Frame) -> None:
    """Send frames that the state machine knows nothing of."""
    client.flush()
    client.writer.write(b"".join(frame.serialize() for frame in frames))


def head(client: Client, stream_id: int, headers: list[tuple[str, str]] = HEADERS) -> HeadersFrame:
    """Return the frame of a request's head, for `send_frames`."""
    frame = HeadersFrame(stream_id, client.h2.encoder.encode(headers))
    frame.flags.add("END_HEADERS")
    return frame
