"""The engine of the calling side against a server over the h2 package, as the reference: both understand each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken._core import ConnectionFailed, PeerLeaving, PingAcknowledged, ResponseProgress
from awaken.transports import limits
from awaken.transports.http2.engines import make_client_engine
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from awaken._core import Http2ClientEngine


class Server:
    """What the reference received, and what it answers."""

    def __init__(self) -> None:
        self.engine: Http2ClientEngine = make_client_engine()
        self.h2 = H2Connection(H2Configuration(client_side=False))
        self.h2.initiate_connection()
        self.heads: dict[int, list[tuple[bytes, bytes]]] = {}
        self.bodies: dict[int, bytes] = {}
        self.answers: dict[int, bytes] = {}
        self.statuses: dict[int, int] = {}
        self.ended: set[int] = set()
        self.answer_ended: set[int] = set()
        self.exchange()

    def exchange(self, most: int = 1000) -> list[PingAcknowledged | PeerLeaving | ConnectionFailed]:
        """Carry bytes in both directions until there are none, and read them in slices of `most` frames."""
        others: list[PingAcknowledged | PeerLeaving | ConnectionFailed] = []
        while True:
            output = self.engine.take_output()
            self._note(self.h2.receive_data(output))
            data = self.h2.data_to_send()
            if not output and not data:
                return others
            while data or self.engine.is_behind:
                progress, count = self.engine.receive(data, most)
                assert count <= most
                data = b""
                for event in progress:
                    if isinstance(event, ResponseProgress):
                        self._note_progress(event)
                    else:
                        others.append(event)

    def _note(self, received: list[events.Event]) -> None:
        for event in received:
            if isinstance(event, events.RequestReceived):
                assert event.stream_id is not None
                self.heads[event.stream_id] = [(bytes(n), bytes(v)) for n, v in event.headers or ()]
                self.bodies[event.stream_id] = b""
            elif isinstance(event, events.DataReceived):
                assert event.stream_id is not None
                assert event.flow_controlled_length is not None
                self.bodies[event.stream_id] += event.data or b""
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, events.StreamEnded):
                assert event.stream_id is not None
                self.ended.add(event.stream_id)

    def _note_progress(self, progress: ResponseProgress) -> None:
        stream_id = progress.stream_id
        if progress.status is not None:
            assert stream_id not in self.statuses
            self.statuses[stream_id] = progress.status
            assert progress.headers == (("x-answer", str(stream_id)),)
        if progress.data:
            self.answers[stream_id] = self.answers.get(stream_id, b"") + progress.data
            self.engine.acknowledge(stream_id, len(progress.data))
        if progress.is_ended:
            self.answer_ended.add(stream_id)

    def answer(self, stream_id: int, status: int = 200) -> None:
        self.h2.send_headers(stream_id, [(":status", str(status)), ("x-answer", str(stream_id))])

    def send(self, stream_id: int, data: bytes, padding: int | None) -> None:
        """Send what the windows allow, in frames."""
        while data:
            size = min(
                self.h2.max_outbound_frame_size - 300, self.h2.local_flow_control_window(stream_id) - 300
            )
            if size <= 0:
                self.exchange()
                continue
            self.h2.send_data(stream_id, data[:size], pad_length=padding)
            data = data[size:]


def open_stream(server: Server, headers: dict[str, str] | None = None) -> int:
    stream_id = server.engine.open("POST", "http", "h:1", "/x", headers or {}, is_end=False)
    assert stream_id is not None
    return stream_id


names = st.sampled_from(["accept", "content-type", "authorization", "x-key", "x-other"])
heads = st.lists(
    st.dictionaries(names, st.text("abcdefghij/-", max_size=200) | st.sampled_from(["a", "b"])), max_size=30
)


@given(heads, st.lists(st.integers(0, 8192), max_size=5))
def test_heads_arrive_while_the_size_of_the_table_changes(
    heads: list[dict[str, str]], sizes: list[int]
) -> None:
    server = Server()
    for index, headers in enumerate(heads):
        if index % 3 == 0 and sizes:
            server.h2.update_settings({SettingCodes.HEADER_TABLE_SIZE: sizes.pop()})
            server.exchange()
        stream_id = open_stream(server, headers)
        server.exchange()

        assert server.heads[stream_id][4:] == [(n.encode(), v.encode()) for n, v in headers.items()]
        server.engine.reset(stream_id, 8)


pieces = st.lists(st.tuples(st.integers(0, 200_000), st.none() | st.integers(0, 200)), max_size=6)


@given(pieces, pieces, st.integers(1, 20), st.sampled_from([100, 65_535, 1_000_000]), st.booleans())
def test_bodies_arrive_whole(
    requests: list[tuple[int, int | None]],
    responses: list[tuple[int, int | None]],
    most: int,
    window: int,
    has_trailers: bool,
) -> None:
    server = Server()
    stream_id = open_stream(server)
    server.exchange()
    server.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
    server.exchange()
    sent = b"".join(bytes([index]) * size for index, (size, _) in enumerate(requests))

    for index, (size, _) in enumerate(requests):
        server.engine.send_data(stream_id, bytes([index]) * size)
    server.engine.send_data(stream_id, b"", is_end=True)
    server.exchange(most)

    assert server.bodies[stream_id] == sent
    assert server.ended == {stream_id}
    server.h2.send_headers(stream_id, [(":status", "103"), ("x", "y")])
    server.answer(stream_id)
    for index, (size, padding) in enumerate(responses):
        server.send(stream_id, bytes([index]) * size, padding)
    if has_trailers:
        server.h2.send_headers(stream_id, [("x-trailer", "1")], end_stream=True)
    else:
        server.h2.end_stream(stream_id)
    server.exchange(most)

    expected = b"".join(bytes([index]) * size for index, (size, _) in enumerate(responses))
    assert server.answers.get(stream_id, b"") == expected
    assert server.statuses == {stream_id: 200}
    assert server.answer_ended == {stream_id}
    assert server.engine.stream_count == 0


def test_what_comes_in_one_slice_is_one_event() -> None:
    server = Server()
    stream_id = open_stream(server)
    server.exchange()
    server.answer(stream_id)
    for _ in range(5):
        server.h2.send_data(stream_id, b"abc")
    server.h2.end_stream(stream_id)

    events_received, count = server.engine.receive(server.h2.data_to_send(), 100)

    (progress,) = events_received
    assert count == 7
    assert isinstance(progress, ResponseProgress)
    assert (progress.status, progress.data, progress.is_ended) == (200, b"abc" * 5, True)
    assert progress.reset_code is None


def test_goaway_and_pings_are_events() -> None:
    server = Server()
    stream_id = open_stream(server)
    server.engine.ping()
    assert [type(event) for event in server.exchange()] == [PingAcknowledged]
    server.h2.close_connection(error_code=11, additional_data=b"why", last_stream_id=stream_id)

    (leaving,) = server.exchange()

    assert isinstance(leaving, PeerLeaving)
    assert (leaving.last_stream_id, leaving.code, leaving.detail) == (stream_id, 11, "why")


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "\u20ac"])
def test_header_that_cannot_be_sent_is_an_error(text: str) -> None:
    engine = make_client_engine()
    engine.take_output()

    with pytest.raises(ValueError, match="cannot be sent"):
        engine.open("POST", "http", "h:1", "/x", {"x": text}, is_end=True)
    assert not engine.has_output
    assert engine.stream_count == 0


def test_header_text_is_one_byte_for_each_character() -> None:
    server = Server()
    stream_id = open_stream(server, {"x-name": "Jos\xe9"})
    server.exchange()

    assert server.heads[stream_id][4:] == [(b"x-name", b"Jos\xe9")]


def test_bodies_wait_for_the_window_and_leave_in_portions() -> None:
    server = Server()
    stream_id = open_stream(server)
    server.engine.take_output()
    server.engine.send_data(stream_id, bytes(10 * limits.OUTPUT_SIZE))

    assert server.engine.window(stream_id) == 0
    assert len(server.engine.take_output()) < 65_535 + 100
    assert server.engine.pending_size(stream_id) == 10 * limits.OUTPUT_SIZE - 65_535
