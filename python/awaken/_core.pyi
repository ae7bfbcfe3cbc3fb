"""Types of the compiled protocol core: pure functions of their input, no I/O and no clock, apart from `FileSync`.

Machines are not shared between threads. A machine may borrow the bytes it receives for as long as it lives.
"""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Final, Literal, Self, final

from typing_extensions import disjoint_base

from awaken.exchange import Receiver

__version__: Final[str]

MIN_PROTOCOL_VERSION: Final[int]
MAX_PROTOCOL_VERSION: Final[int]
#: Largest frame payload accepted by default, in bytes.
DEFAULT_MAX_MESSAGE_SIZE: Final[int]
#: Largest journal (all known entries together) accepted by default, in bytes.
DEFAULT_MAX_JOURNAL_SIZE: Final[int]
#: Largest frame payload that a runtime accepts from an endpoint by default, in bytes.
DEFAULT_MAX_RUNTIME_MESSAGE_SIZE: Final[int]

def content_type(version: int) -> str:
    """Return the media type that names this version of the invocation protocol.

    Raises:
        ValueError: the version is not between MIN_ and MAX_PROTOCOL_VERSION.
    """

# ---------------------------------------------------------------- identifiers

@final
class AwakeableId:
    """A decoded awakeable id: `sign_1` (current) or `prom_1` (legacy prefix, same payload)."""

    @property
    def invocation_id(self) -> str:
        """The invocation id as text. Raises InvalidIdError if the raw id does not have 24 bytes, and so has no text."""
    @property
    def index(self) -> int: ...
    @property
    def is_legacy(self) -> bool: ...

def format_invocation_id(raw: bytes) -> str:
    """Format 24 raw bytes as `inv_1...`. Raises InvalidIdError for another length."""

def parse_invocation_id(text: str) -> bytes:
    """Parse `inv_1...` to its 24 raw bytes. Raises InvalidIdError."""

def format_awakeable_id(invocation: bytes, index: int) -> str:
    """Format the raw id of an invocation, of any length, and a signal index as `sign_1...`."""

def parse_awakeable_id(text: str) -> AwakeableId:
    """Parse `sign_1...` or `prom_1...`. Raises InvalidIdError."""

def random_invocation_id(
    randomness: bytes, service: str, *, key: str | None = None, scope: str | None = None
) -> str:
    """Create an id from 24 random bytes. Invocations with the same key share their partition key."""

def workflow_invocation_id(workflow: str, key: str, *, scope: str | None = None) -> str:
    """Return the id of the only run of a workflow key."""

def idempotent_invocation_id(
    service: str, handler: str, idempotency_key: str, *, key: str | None = None, scope: str | None = None
) -> str:
    """Return the id of every call with this idempotency key."""

def random_seed(invocation_id: str) -> int:
    """Return the seed of an invocation's random numbers. Raises InvalidIdError."""

# ---------------------------------------------------------------- request signatures

@final
class IdentityKeys:
    """The public keys of the runtimes that may call an endpoint. Raises ValueError if a text is not a key."""

    def __new__(cls, keys: Sequence[str]) -> Self: ...
    def refusal(self, scheme: str | None, token: str | None, path: str, now: int) -> str | None:
        """Return why a request with these headers is rejected, or None to accept it; `now` is in seconds since 1970."""

@final
class RequestSigner:
    """A runtime's private key. Raises ValueError unless the secret has 32 bytes."""

    def __new__(cls, secret: bytes) -> Self: ...
    @property
    def public_key(self) -> str:
        """The public key, `publickeyv1_` and base58, in the form that endpoints are configured with."""
    def sign(self, route: str, subject: str | None, now: int) -> str:
        """Create the token of one request to a route below the endpoint's prefix; `now` is in seconds since 1970.

        subject: the key of an object or workflow.
        """

# ---------------------------------------------------------------- files

@final
class FileSync:
    """Brings what was written to a file to the disk, on a thread of its own. Thread and descriptor end with it.

    Windows has none: no event loop there watches its descriptor.

    Raises OSError if the file cannot be opened, or there cannot be another thread.
    """

    def __new__(cls, path: str | PathLike[str]) -> Self: ...
    def fileno(self) -> int:
        """The descriptor that becomes readable when a sync has ended."""
    def begin(self) -> None:
        """Begin a sync of everything that is written by now. Each one has a result to take."""
    def take_result(self) -> int:
        """Wait for the end of the sync that was begun first, and return 0 or the error number of the system."""

# ---------------------------------------------------------------- wire

@final
class Message:
    """One decoded frame."""

    @property
    def code(self) -> int:
        """The type code of the header."""
    @property
    def name(self) -> str:
        """The name in the message table, for example `Sleep`; empty for an unknown code."""
    @property
    def flags(self) -> int: ...
    @property
    def payload(self) -> bytes: ...
    def encode(self) -> bytes:
        """Encode the decoded message: header and payload, with fields in ascending order."""

@final
class Decoder:
    """Turns bytes into messages."""

    def __new__(cls, *, max_message_size: int = ...) -> Self: ...
    def receive(self, data: bytes) -> None: ...
    def take_message(self) -> Message | None:
        """Return the next complete message, or None if more bytes are needed.

        Raises:
            RemoteProtocolError: unknown code, invalid protobuf, or a frame above the size limit.
        """

# ---------------------------------------------------------------- HTTP/2

@final
class RequestReceived:
    """The checked head of a request. Names are lower case; of a repeated one the first value counts."""

    def __new__(cls, stream_id: int, method: str, path: str, headers: dict[str, str], query: str) -> Self: ...
    @property
    def stream_id(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str:
        """The path as sent, without the query."""
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def query(self) -> str:
        """The query as sent, without the question mark; empty if there is none."""

@final
class BodyReceived:
    """Bytes of a request's body. `acknowledge` returns their credit to the peer."""

    def __new__(cls, stream_id: int, data: bytes) -> Self: ...
    @property
    def stream_id(self) -> int: ...
    @property
    def data(self) -> bytes: ...

@final
class BodyEnded:
    """The peer has sent everything on this stream."""

    def __new__(cls, stream_id: int) -> Self: ...
    @property
    def stream_id(self) -> int: ...

@final
class StreamClosed:
    """The stream was reset, by the peer or because the peer broke the protocol. It carries nothing more."""

    def __new__(cls, stream_id: int, code: int) -> Self: ...
    @property
    def stream_id(self) -> int: ...
    @property
    def code(self) -> int:
        """The reason, as a number that may be an `ErrorCode`."""

@final
class PingAcknowledged:
    """The peer answered a PING, so it has seen everything sent before."""

    def __new__(cls) -> Self: ...

@final
class PeerLeaving:
    """The peer will open no more streams on this connection, and process none above `last_stream_id`."""

    def __new__(cls, last_stream_id: int = 0, code: int = 0, detail: str = ...) -> Self: ...
    @property
    def last_stream_id(self) -> int: ...
    @property
    def code(self) -> int: ...
    @property
    def detail(self) -> str: ...

@final
class ConnectionFailed:
    """The peer broke the protocol. The output ends with GOAWAY; close the connection after sending it."""

    def __new__(cls, reason: str) -> Self: ...
    @property
    def reason(self) -> str: ...

@final
class Http2Engine:
    """Server side of one HTTP/2 connection, without I/O and clock.

    The methods are those of `awaken.transports.http2.engine.Engine`, the limits those of `awaken.transports.limits`.
    """

    def __new__(
        cls,
        *,
        streams: int,
        stream_window: int,
        connection_window: int,
        max_frame_size: int,
        headers_size: int,
        headers_count: int,
        decoded_headers_size: int,
        header_block_size: int,
        output_size: int,
        buffer_high: int,
        buffer_low: int,
        discard_size: int,
    ) -> Self: ...
    @property
    def stream_count(self) -> int: ...
    @property
    def begun_head(self) -> int:
        """The stream of an incomplete header block; 0 if there is none."""
    @property
    def has_output(self) -> bool: ...
    @property
    def control_frame_count(self) -> int: ...
    @property
    def reset_count(self) -> int: ...
    def receive(
        self, data: bytes
    ) -> list[
        Invocation
        | RequestReceived
        | BodyReceived
        | BodyEnded
        | StreamClosed
        | PingAcknowledged
        | PeerLeaving
        | ConnectionFailed
    ]: ...
    def send_headers(
        self, stream_id: int, status: int, headers: Sequence[tuple[str, str]], *, is_end: bool = False
    ) -> None:
        """Raises ValueError for a header that cannot be sent."""
    def send_data(self, stream_id: int, data: bytes, *, is_end: bool = False) -> None: ...
    def pending_size(self, stream_id: int) -> int: ...
    def is_stalled(self, stream_id: int) -> bool: ...
    def is_open(self, stream_id: int) -> bool: ...
    def acknowledge(self, stream_id: int, size: int) -> None: ...
    def reset(self, stream_id: int, code: int) -> None: ...
    def ping(self) -> None: ...
    def go_away(self, *, is_final: bool, code: int = 0) -> None: ...
    def take_output(self) -> bytes: ...
    def take_resumed(self) -> list[int]: ...
    def serve(self, routes: InvocationRoutes, on_output: Callable[[], None], no_receiver: Receiver) -> None:
        """Read the invocations of these routes into machines, from now on.

        They are among the events as `Invocation`, once for all that was received for them: when their journal is
        complete, and then whenever something arrived.

        Args:
            routes: which requests are invocations.
            on_output: called when an invocation has written something, once until the output is taken.
            no_receiver: the receiver of an invocation that has none, or none any more.
        """
    def set_paused(self, is_paused: bool) -> None:
        """Note whether the socket takes no bytes, so that invocations wait."""
    def invocation(self, stream_id: int) -> Invocation | None:
        """Return the invocation on a stream, if its response has not ended."""
    def invocation_streams(self) -> list[int]:
        """Return the streams of the invocations whose response has not ended."""
    def live_invocations(self) -> list[Invocation]:
        """Return the invocations that have a receiver and whose response has not ended."""
    def lose_invocations(self) -> list[Invocation]:
        """Forget all invocations: their connection is lost. Returns those that have a receiver."""
    def take_activity(self) -> bool:
        """Return whether an invocation has ended since you asked last."""
    def take_finished(self) -> list[int]:
        """Take the streams of invocations whose response has ended, and whose request has not."""
    def take_waiting(self) -> list[Invocation]:
        """Take the invocations that found the socket paused."""

@final
class InvocationRoutes:
    """The invocations that an HTTP/2 engine reads into machines itself.

    They are requests `POST .../invoke/SERVICE/HANDLER` for these handlers, with the content type of a version. Whatever
    else the endpoint refuses or serves differently is an exchange for its `accept`.

    Args:
        window: how many bytes of a request may stay unacknowledged.
    """

    def __new__(cls, window: int) -> Self: ...
    def add_version(self, version: int, headers: Sequence[tuple[str, str]]) -> None:
        """Set the headers of responses in a version of the protocol.

        Raises:
            ValueError: the version is unknown, or a header cannot be sent.
        """
    def add_handler(self, target: str, handler: Any) -> None:
        """Add a handler under `SERVICE/HANDLER`; it is any object."""
    def clear(self) -> None:
        """Remove all handlers, so that every request becomes an exchange."""

@final
class Invocation:
    """An invocation on a stream of HTTP/2, as an exchange whose request goes into its machine by itself.

    What the machine writes leaves through `flush` and `finish`. The other methods are those of
    `awaken.exchange.Exchange`.
    """

    receiver: Any  # what `begin` returned: a InvocationReceiver
    @property
    def stream_id(self) -> int: ...
    def opening(self) -> tuple[EndpointMachine, Any, int, int]:
        """What its attempt begins with.

        The machine, the handler, the version of the protocol, and how many bytes of the request are unacknowledged.
        """
    @property
    def is_begun(self) -> bool:
        """Whether it has a receiver, or has had one."""
    @property
    def is_started(self) -> bool:
        """Whether the response has begun."""
    @property
    def is_ended(self) -> bool:
        """Whether the response has ended, or the exchange was given up."""
    @property
    def is_lost(self) -> bool:
        """Whether the stream or its connection was lost."""
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def is_bidirectional(self) -> bool: ...
    @property
    def is_write_paused(self) -> bool: ...
    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin a response that is not the machine's."""
    def write(self, data: bytes) -> None:
        """Append to a response that is not the machine's."""
    def end(self) -> None:
        """End a response that is not the machine's."""
    def flush(self) -> None:
        """Write what the machine has written."""
    def finish(self) -> None:
        """Write what the machine has written, and end the response."""
    def reset(self) -> None:
        """Give the exchange up: the peer sees a reset stream."""
    def acknowledge(self, size: int) -> None: ...
    def deliver(self) -> bool:
        """Tell the receiver that the machine has received something, by its `receive_fed`.

        Returns False, and does nothing, if there is none yet, or if the stream is lost.
        """
    def lose(self) -> Receiver:
        """Note that the stream is gone, and return the receiver, which gets no other call but `disconnect`."""

@final
class ResponseProgress:
    """What arrived of one response; what did not is None, empty or False."""

    @property
    def stream_id(self) -> int: ...
    @property
    def status(self) -> int | None:
        """200 to 999; informational responses are skipped."""
    @property
    def headers(self) -> tuple[tuple[str, str], ...] | None:
        """Of the head, which came with `status`; names are lower case and may repeat."""
    @property
    def data(self) -> bytes:
        """The part of the body that came. `acknowledge` returns its credit to the peer."""
    @property
    def is_ended(self) -> bool: ...
    @property
    def reset_code(self) -> int | None:
        """Why the peer reset the stream: a number that may be an `ErrorCode`."""
    @property
    def broken_rule(self) -> str | None:
        """How the peer broke the protocol on this stream, which was reset."""

@final
class Http2ClientEngine:
    """Client side of one HTTP/2 connection, without I/O and clock. Calls for streams that are gone do nothing.

    The limits are those of `awaken.transports.limits`.
    """

    def __new__(
        cls,
        *,
        stream_window: int,
        connection_window: int,
        max_frame_size: int,
        headers_size: int,
        headers_count: int,
        decoded_headers_size: int,
        header_block_size: int,
        output_size: int,
    ) -> Self: ...
    @property
    def stream_count(self) -> int:
        """How many streams are open, in either direction."""
    @property
    def max_streams(self) -> int:
        """How many streams the peer allows at once; a very large number if it does not say."""
    @property
    def is_ready(self) -> bool:
        """Whether the peer's first settings have arrived."""
    @property
    def is_exhausted(self) -> bool:
        """Whether the connection has used up its streams."""
    @property
    def is_behind(self) -> bool:
        """Whether a whole frame was received and is not read yet."""
    @property
    def has_output(self) -> bool: ...
    @property
    def unsent_size(self) -> int:
        """Bytes that are ready to be taken. While nothing is taken, they answer frames of the peer."""
    @property
    def control_frame_count(self) -> int: ...
    @property
    def reset_count(self) -> int:
        """How many streams, so far, the peer reset that were gone already."""
    def receive(
        self, data: bytes, most: int
    ) -> tuple[list[ResponseProgress | PingAcknowledged | PeerLeaving | ConnectionFailed], int]:
        """Receive bytes, and read at most `most` frames; return the events, and how many frames were read.

        Never raises: errors of the peer become events. What is left is read by calls without new bytes.
        """
    def open(
        self,
        method: str,
        scheme: str,
        authority: str,
        target: str,
        headers: dict[str, str],
        *,
        is_end: bool,
    ) -> int | None:
        """Begin a request; names are lower case. Return its stream, or None if the connection has used up its streams.

        Raises ValueError for a header that cannot be sent.
        """
    def send_data(self, stream_id: int, data: bytes, *, is_end: bool = False) -> None: ...
    def pending_size(self, stream_id: int) -> int: ...
    def window(self, stream_id: int) -> int:
        """How many bytes of this stream the peer takes beyond those that wait; 0 if it is gone or ended."""
    def acknowledge(self, stream_id: int, size: int) -> None: ...
    def reset(self, stream_id: int, code: int) -> None: ...
    def ping(self) -> None: ...
    def go_away(self, *, code: int = 0) -> None: ...
    def take_output(self) -> bytes: ...

# ---------------------------------------------------------------- HTTP/1.1

@final
class Http1Request:
    """A request, with its body if all of it has arrived together with the head. Names of headers are lower case."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str:
        """The path as sent, without the query."""
    @property
    def query(self) -> str:
        """The query as sent, without the question mark; empty if there is none."""
    @property
    def http_version(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]:
        """Of a repeated name the first value counts."""
    @property
    def header_list(self) -> list[tuple[str, str]]:
        """Every header in order, also those that are repeated."""
    @property
    def body(self) -> bytes | None: ...
    @property
    def expects_continue(self) -> bool:
        """Whether the peer waits for `Http1ServerEngine.proceed`."""

@final
class Http1Response:
    """The head of a response; one whose status is below 200 is followed by another."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...

@final
class Http1Body:
    """Bytes of a body, which may be none at its end."""

    @property
    def data(self) -> bytes: ...
    @property
    def is_end(self) -> bool: ...

@final
class Http1Refusal:
    """The peer broke the protocol, or a limit; nothing else is read."""

    @property
    def status(self) -> int:
        """The status with which a server answers."""
    @property
    def reason(self) -> str: ...

@final
class Http1Cut:
    """The peer closed before its response was complete."""

@final
class Http1ServerEngine:
    """Server side of one HTTP/1.1 connection, without I/O and clock.

    It reads one request; the next one follows when the response is complete. The limits are those of
    `awaken.transports.limits`.
    """

    def __new__(
        cls,
        *,
        head_size: int,
        headers_count: int,
        body_size: int,
        discard_size: int,
        extensions_size: int,
    ) -> Self: ...
    @property
    def is_request_ended(self) -> bool:
        """Whether the request is complete, or none will ever be."""
    @property
    def is_unanswered(self) -> bool:
        """Whether the head of the response was not written yet."""
    @property
    def is_over(self) -> bool:
        """Whether the response is complete, and nothing may follow it."""
    @property
    def is_head_begun(self) -> bool:
        """Whether a part of the next request's head is there."""
    @property
    def ahead_size(self) -> int:
        """Bytes that have arrived and belong to later requests."""
    def receive(self, data: bytes) -> list[Http1Request | Http1Body | Http1Refusal]: ...
    def advance(self) -> list[Http1Request | Http1Body | Http1Refusal]:
        """Begin the next request if this one and its response are complete, and read what is there of it."""
    def proceed(self) -> bytes:
        """Let a peer send the body for which it expects a response of status 100, and return that response."""
    def start(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        size: int | None = None,
        *,
        is_last: bool = False,
    ) -> bytes:
        """Return the head of the response; with a size, so many bytes of body complete the response.

        Raises ValueError if it cannot be sent.
        """
    def frame(self, size: int) -> bytes:
        """Count bytes of the body, and return what precedes them; if it is not empty, a line end follows them.

        Raises ValueError if there is no room for them.
        """
    def end(self) -> bytes:
        """End the response, and return what follows its body. Raises ValueError if the body is not complete."""

@final
class Http1ClientEngine:
    """Client side of one HTTP/1.1 connection, without I/O and clock; its limits are in `awaken.transports.limits`."""

    def __new__(cls, *, head_size: int, headers_count: int, extensions_size: int) -> Self: ...
    @property
    def is_idle(self) -> bool:
        """Whether no request has begun."""
    @property
    def is_sending(self) -> bool:
        """Whether the request was begun, and not ended."""
    @property
    def is_reusable(self) -> bool:
        """Whether request and response are complete, and nothing but them has arrived: the next request may begin."""
    def begin(self, method: str, target: str, headers: Sequence[tuple[str, str]], *, has_body: bool) -> bytes:
        """Begin a request, and return its head; its body is sent in chunks. Raises ValueError if it cannot be sent."""
    def frame(self, size: int) -> bytes:
        """Count bytes of the body, and return what precedes them; a line end follows them."""
    def end(self) -> bytes:
        """End the request, and return what follows its body."""
    def receive(self, data: bytes) -> None:
        """Receive bytes; `read` reads them."""
    def receive_end(self) -> None:
        """Note that the peer sends no more."""
    def read(self, most: int) -> tuple[list[Http1Response | Http1Body | Http1Refusal | Http1Cut], int]:
        """Read at most so many parts of a response, and return them with how many there were."""

# ---------------------------------------------------------------- endpoint machine

@final
class Failure:
    """A terminal error on the wire; metadata needs protocol version 6."""

    def __new__(cls, code: int, message: str, metadata: Sequence[tuple[str, str]] = ()) -> Self: ...
    @property
    def code(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def metadata(self) -> list[tuple[str, str]]: ...

@final
class RetryPolicy:
    """When a failing run is retried. None means no bound, or the default of the field (durations in ms)."""

    def __new__(
        cls,
        *,
        initial_interval_ms: int | None = None,
        factor: float | None = None,
        max_interval_ms: int | None = None,
        max_attempts: int | None = None,
        max_duration_ms: int | None = None,
    ) -> Self: ...

@final
class Input:
    """The input of the handler, and facts about this attempt."""

    @property
    def invocation_id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def random_seed(self) -> int: ...
    @property
    def retry_count(self) -> int: ...
    @property
    def scope(self) -> str | None: ...
    @property
    def limit_key(self) -> str | None: ...
    @property
    def idempotency_key(self) -> str | None: ...

@final
class Awaiting:
    """An inner node of the tree of futures being awaited; a leaf is a handle.

    combinator: 0 unknown, 1 first completed, 2 all completed, 3 first succeeded or all failed,
    4 all succeeded or first failed.
    """

    def __new__(cls, combinator: int, children: Sequence[int | Awaiting]) -> Self: ...

#: The result in a notification: Void as None, Value as bytes, an invocation id as str,
#: state keys as list, Failure as itself.
Result = bytes | str | list[str] | Failure | None

@final
class Completed:
    """An awaited handle has its result, which this call takes."""

    __match_args__ = ("handle", "result")
    @property
    def handle(self) -> int: ...
    @property
    def result(self) -> Result: ...

@final
class RunRequired:
    """Execute the closure of this run now, then call one of the `*_run` methods."""

    __match_args__ = ("handle",)
    @property
    def handle(self) -> int: ...

@final
class InputRequired:
    """The handler has to wait until more input arrives or an executing run ends."""

@final
class Cancelled:
    """The invocation and its child calls were cancelled: raise a terminal error 409 `cancelled` at the await."""

@final
class Suspended:
    """The attempt is over: the Suspension frame is in the output."""

@final
class Closed:
    """The attempt ended with an error, which is in `error`; its frame is in the output."""

#: What `EndpointMachine.take_result` returns in place of a result: execute the awaited run; wait for more input, or for
#: the end of an executing run; raise a terminal error 409 `cancelled`; the attempt is over, with a Suspension; the
#: attempt is over, with an error.
RUN_REQUIRED: Final[int]
INPUT_REQUIRED: Final[int]
CANCELLED: Final[int]
SUSPENDED: Final[int]
CLOSED: Final[int]

Progress = Completed | RunRequired | InputRequired | Cancelled | Suspended | Closed

@final
class EndpointMachine:
    """Service side of one attempt: bootstrapping, replaying, processing, closed.

    Every command method replays or records its command when it is called and returns a handle (an int)
    where there is a result to await. All of them raise:
        JournalMismatchError: recorded and attempted command differ; the Error frame (570) is written.
        AttemptClosedError: the attempt is already over.
        UnsupportedFeatureError: the negotiated version lacks the feature; the Error frame (573) is written.
    """

    def __new__(
        cls,
        version: int,
        *,
        max_message_size: int = ...,
        max_journal_size: int = ...,
        verify_payloads: bool = True,
        reveal_payloads: bool = False,
    ) -> Self: ...

    # Bytes in, bytes out. These never raise: a protocol error closes the machine with an Error frame.
    def receive(self, data: bytes) -> None: ...
    def receive_end(self) -> None: ...
    def take_output(self) -> bytes: ...
    def is_output_pending(self) -> bool: ...
    def is_ready(self) -> bool:
        """Whether all known entries have arrived, so that you can call take_input()."""
    def is_closed(self) -> bool:
        """Whether the terminal frame is written (it may still be in the output)."""
    def is_replaying(self) -> bool: ...
    def is_input_open(self) -> bool: ...
    @property
    def state(self) -> str:
        """One of `bootstrapping`, `replaying`, `processing`, `closed`."""
    def unacknowledged_limit(self, window: int) -> int:
        """How many received bytes may stay unacknowledged, if the peer sends at most `window` bytes beyond the others.

        0 before the handler starts. Afterwards, once half of the window is unread: the window, minus the bytes
        missing from an incomplete message.
        """
    @property
    def error(self) -> tuple[int, str] | None:
        """Code and message of the Error frame that closed the attempt."""
    def reveal_payloads(self) -> None:
        """From now on, show the values that differ in mismatches; for development."""
    def has_output(self) -> bool:
        """Return whether the handler has ended the invocation."""
    @property
    def known_entries(self) -> int:
        """How many journal entries the attempt began with; 0 before Start has arrived."""
    def remember(self, commands: int, locations: dict[int, str]) -> None:
        """Set what this process remembers of an earlier attempt by the same code, for the texts of mismatches.

        Args:
            commands: how many commands it issued, Input included.
            locations: file and line where it issued them, by command index, as far as known.
        """
    def explain(self, context: str, stacktrace: str) -> bool:
        """Add to the Error frame that ended the attempt where in the handler the error happened.

        The context is put before the message; the stacktrace is used if the frame has none. Returns False if there
        is no Error frame, or if it was already taken with the output.
        """
    @property
    def invocation_id(self) -> str:
        """The invocation id as text; empty before Start."""
    @property
    def last_command(self) -> tuple[int, str, str]:
        """Index, type name and entry name of the last command, for messages and logs."""

    def take_input(self) -> Input:
        """Match the Input command and return it. Call it once, when is_ready()."""

    # Awaiting.
    def progress(self, awaited: int | Awaiting) -> Progress:
        """Release the next result of an awaited leaf, or say what has to happen first.

        At most one result is released per call, in journal order. Call it only when the handler cannot continue without
        a result.
        """

    def join(self, handle: int) -> None:
        """Add a handle to those that `progress_together` awaits, until its result is released."""

    def leave(self, handle: int) -> None:
        """Remove a handle from those that `progress_together` awaits."""

    def progress_together(self) -> Progress:
        """Do what `progress` does, for any of the handles that have joined, at the same cost however many."""

    def take_result(self, handle: int) -> Result | int:
        """Release the result of one awaited handle, or return an int that says what has to happen first.

        This is `progress` for a handler that awaits one handle and nothing else, without an object for the outcome.
        """

    # Commands. `name` is the entry name.
    def run(self, name: str) -> int: ...
    def propose_run_value(self, handle: int, value: bytes) -> None: ...
    def propose_run_failure(self, handle: int, failure: Failure) -> None: ...
    def retry_run(
        self,
        handle: int,
        code: int,
        message: str,
        stacktrace: str,
        *,
        attempt_duration_ms: int,
        policy: RetryPolicy | None = None,
        next_retry_delay_ms: int | None = None,
    ) -> bool:
        """Apply the retry policy to a retryable failure of a run.

        Returns True if the policy gives up: the failure is then proposed as terminal, and the run completes with it.
        Returns False if the attempt ended with an Error frame that names the run and the delay.
        """
    def sleep(self, wake_up_time_ms: int, name: str = "") -> int: ...
    def timer(self, wake_up_time_ms: int, name: str = "") -> tuple[int, int]:
        """Sleep until a time. Return the handle, and the time that counts, which on replay is the recorded one."""
    def awakeable(self) -> tuple[str, int]:
        """Return the id and the handle of the next awakeable; nothing is journaled."""
    def signal(self, name: str) -> int: ...
    def resolve_awakeable(self, awakeable_id: str, value: bytes, name: str = "") -> None:
        """Raises InvalidIdError before anything is journaled; a legacy `prom_1` id is rejected."""
    def reject_awakeable(self, awakeable_id: str, failure: Failure, name: str = "") -> None: ...
    def resolve_signal(self, invocation_id: str, signal_name: str, value: bytes, name: str = "") -> None: ...
    def reject_signal(
        self, invocation_id: str, signal_name: str, failure: Failure, name: str = ""
    ) -> None: ...
    def cancel_invocation(self, invocation_id: str, name: str = "") -> None: ...
    def get_state(self, key: str, name: str = "") -> bytes | int | None:
        """Return the value if it is known (None if absent), or the handle of a lazy read."""
    def get_state_keys(self, name: str = "") -> list[str] | int: ...
    def set_state(self, key: str, value: bytes, name: str = "") -> None: ...
    def clear_state(self, key: str, name: str = "") -> None: ...
    def clear_all_state(self, name: str = "") -> None: ...
    def get_promise(self, key: str, name: str = "") -> int: ...
    def peek_promise(self, key: str, name: str = "") -> int: ...
    def resolve_promise(self, key: str, value: bytes, name: str = "") -> int: ...
    def reject_promise(self, key: str, failure: Failure, name: str = "") -> int: ...
    def call(
        self,
        service: str,
        handler: str,
        parameter: bytes,
        *,
        key: str = "",
        headers: Sequence[tuple[str, str]] = (),
        idempotency_key: str | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
        name: str = "",
    ) -> tuple[int, int]:
        """Return the handles of the callee's invocation id and of its result."""
    def send(
        self,
        service: str,
        handler: str,
        parameter: bytes,
        *,
        key: str = "",
        invoke_time_ms: int = 0,
        headers: Sequence[tuple[str, str]] = (),
        idempotency_key: str | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
        name: str = "",
    ) -> int:
        """Return the handle of the callee's invocation id."""
    def attach_invocation(self, invocation_id: str, name: str = "") -> int: ...

    # How the handler ended.
    def succeed(self, value: bytes) -> None:
        """Write Output and End."""
    def fail(self, failure: Failure) -> None:
        """Write Output with a terminal failure, and End."""
    def retry(
        self,
        code: int,
        message: str,
        stacktrace: str = "",
        *,
        next_retry_delay_ms: int | None = None,
        pause: bool = False,
    ) -> None:
        """Write an Error frame: the attempt failed, and the runtime may retry it. Works in every open state."""

# ---------------------------------------------------------------- invoker machine

@disjoint_base
class RecordedCommand:
    """A checked command, the next entry of the journal. Each type has its own subclass.

    Eager reads of state, which carry their own answer, are instances of this class itself.
    """

    @property
    def index(self) -> int:
        """0-based command index; Input is 0."""
    @property
    def code(self) -> int:
        """The type code."""
    @property
    def payload(self) -> bytes:
        """The payload, byte for byte as received."""
    @property
    def value_offset(self) -> int | None:
        """Where the value of an Output begins in the payload, if the payload ends with it."""
    @property
    def name(self) -> str:
        """The entry name."""
    @property
    def is_ack_requested(self) -> bool:
        """Whether to call acknowledge_command() once it is stored."""

@final
class OutputCommand(RecordedCommand):
    """How the invocation ends."""

    __match_args__ = ("result",)
    @property
    def result(self) -> bytes | Failure: ...

@final
class GetLazyStateCommand(RecordedCommand):
    """A read of one key, answered by a GetLazyState completion."""

    __match_args__ = ("completion_id", "key")
    @property
    def completion_id(self) -> int: ...
    @property
    def key(self) -> str: ...

@final
class GetLazyStateKeysCommand(RecordedCommand):
    """A read of all keys, answered by a GetLazyStateKeys completion."""

    __match_args__ = ("completion_id",)
    @property
    def completion_id(self) -> int: ...

@final
class SetStateCommand(RecordedCommand):
    __match_args__ = ("key", "value")
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> bytes: ...

@final
class ClearStateCommand(RecordedCommand):
    __match_args__ = ("key",)
    @property
    def key(self) -> str: ...

@final
class ClearAllStateCommand(RecordedCommand):
    __match_args__ = ()

@final
class GetPromiseCommand(RecordedCommand):
    """Waits for a promise."""

    __match_args__ = ("completion_id", "key")
    @property
    def completion_id(self) -> int: ...
    @property
    def key(self) -> str: ...

@final
class PeekPromiseCommand(RecordedCommand):
    """Reads a promise without waiting for it."""

    __match_args__ = ("completion_id", "key")
    @property
    def completion_id(self) -> int: ...
    @property
    def key(self) -> str: ...

@final
class CompletePromiseCommand(RecordedCommand):
    __match_args__ = ("completion_id", "key", "result")
    @property
    def completion_id(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def result(self) -> bytes | Failure: ...

@final
class SleepCommand(RecordedCommand):
    __match_args__ = ("completion_id", "wake_up_time_ms")
    @property
    def completion_id(self) -> int: ...
    @property
    def wake_up_time_ms(self) -> int: ...

@final
class CallCommand(RecordedCommand):
    """A call whose result the caller receives."""

    __match_args__ = (
        "invocation_id_completion_id",
        "completion_id",
        "service",
        "handler",
        "key",
        "parameter",
        "headers",
        "idempotency_key",
        "scope",
        "limit_key",
    )
    @property
    def invocation_id_completion_id(self) -> int: ...
    @property
    def completion_id(self) -> int: ...
    @property
    def service(self) -> str: ...
    @property
    def handler(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def parameter(self) -> bytes: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def idempotency_key(self) -> str | None: ...
    @property
    def scope(self) -> str | None: ...
    @property
    def limit_key(self) -> str | None: ...

@final
class OneWayCallCommand(RecordedCommand):
    """A call without a result; `invoke_time_ms` 0 means now."""

    __match_args__ = (
        "invocation_id_completion_id",
        "invoke_time_ms",
        "service",
        "handler",
        "key",
        "parameter",
        "headers",
        "idempotency_key",
        "scope",
        "limit_key",
    )
    @property
    def invocation_id_completion_id(self) -> int: ...
    @property
    def invoke_time_ms(self) -> int: ...
    @property
    def service(self) -> str: ...
    @property
    def handler(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def parameter(self) -> bytes: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def idempotency_key(self) -> str | None: ...
    @property
    def scope(self) -> str | None: ...
    @property
    def limit_key(self) -> str | None: ...

@final
class SendSignalCommand(RecordedCommand):
    """A signal for another invocation; signal 1 cancels it."""

    __match_args__ = ("invocation_id", "signal", "result")
    @property
    def invocation_id(self) -> str: ...
    @property
    def signal(self) -> int | str: ...
    @property
    def result(self) -> bytes | Failure | None: ...

@final
class RunCommand(RecordedCommand):
    """A side effect; RunProposed carries its result."""

    __match_args__ = ("completion_id",)
    @property
    def completion_id(self) -> int: ...

@final
class AttachInvocationCommand(RecordedCommand):
    """Waits for another invocation."""

    __match_args__ = ("completion_id", "target")
    @property
    def completion_id(self) -> int: ...
    @property
    def target(self) -> InvocationTarget | WorkflowTarget | IdempotentTarget: ...

@final
class GetInvocationOutputCommand(RecordedCommand):
    """Reads the result of another invocation without waiting for it."""

    __match_args__ = ("completion_id", "target")
    @property
    def completion_id(self) -> int: ...
    @property
    def target(self) -> InvocationTarget | WorkflowTarget | IdempotentTarget: ...

@final
class CompleteAwakeableCommand(RecordedCommand):
    __match_args__ = ("awakeable_id", "invocation_id", "signal_index", "result")
    @property
    def awakeable_id(self) -> str: ...
    @property
    def invocation_id(self) -> str: ...
    @property
    def signal_index(self) -> int: ...
    @property
    def result(self) -> bytes | Failure: ...

@final
class InvocationTarget:
    """An invocation by its id."""

    __match_args__ = ("invocation_id",)
    @property
    def invocation_id(self) -> str: ...

@final
class WorkflowTarget:
    """A workflow run by the key of the workflow."""

    __match_args__ = ("workflow", "key", "scope")
    @property
    def workflow(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def scope(self) -> str | None: ...

@final
class IdempotentTarget:
    """An invocation by the idempotency key of its call."""

    __match_args__ = ("service", "handler", "idempotency_key", "key", "scope")
    @property
    def service(self) -> str: ...
    @property
    def handler(self) -> str: ...
    @property
    def idempotency_key(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def scope(self) -> str | None: ...

@final
class RunProposed:
    """The result of a run: store the notification, then pass it to notify()."""

    __match_args__ = ("completion_id", "code", "payload")
    @property
    def completion_id(self) -> int: ...
    @property
    def code(self) -> int:
        """The type code of the notification."""
    @property
    def payload(self) -> bytes:
        """The payload of the notification."""

@final
class AwaitingOn:
    """What the handler waits for, to be shown by introspection."""

    __match_args__ = ("future_json",)
    @property
    def future_json(self) -> str:
        """JSON text in the shape of introspection."""

@final
class AttemptSuspended:
    """The attempt is over; start another one once can_resume() returns True."""

    __match_args__ = ("completions", "signals", "named_signals", "future", "future_json")
    @property
    def completions(self) -> list[int]: ...
    @property
    def signals(self) -> list[int]: ...
    @property
    def named_signals(self) -> list[str]: ...
    @property
    def future(self) -> bytes:
        """The argument for can_resume()."""
    @property
    def future_json(self) -> str:
        """JSON text in the shape of introspection."""

@final
class AttemptEnded:
    """The attempt and the invocation are over; the journal has the Output."""

    __match_args__ = ()

@final
class AttemptFailed:
    """The attempt failed."""

    __match_args__ = (
        "code",
        "message",
        "stacktrace",
        "related_command_index",
        "related_command_name",
        "related_command_type",
        "next_retry_delay_ms",
        "behavior",
        "is_violation",
    )
    @property
    def code(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def stacktrace(self) -> str: ...
    @property
    def related_command_index(self) -> int | None: ...
    @property
    def related_command_name(self) -> str | None: ...
    @property
    def related_command_type(self) -> str | None:
        """The name of its type, for example `Run`."""
    @property
    def next_retry_delay_ms(self) -> int | None: ...
    @property
    def behavior(self) -> Literal["retry", "pause", "fail"]: ...
    @property
    def is_violation(self) -> bool:
        """Whether the endpoint violated the protocol, instead of reporting an error itself."""

#: What the host has to do.
Effect = RecordedCommand | RunProposed | AwaitingOn | AttemptSuspended | AttemptEnded | AttemptFailed

@final
class InvokerMachine:
    """Runtime side of one attempt: idle, replaying, open, finished, closed.

    The host makes effects durable in the order in which it takes them, and only then informs the endpoint.
    Methods that write raise LocalProtocolError if the host calls them at the wrong time or with invalid arguments.
    """

    def __new__(cls, version: int, *, max_message_size: int = ...) -> Self: ...
    def start(
        self,
        invocation_id: str,
        *,
        known_entries: int,
        key: str = "",
        state: Sequence[tuple[str, bytes]] = (),
        is_state_partial: bool = False,
        retry_count: int = 0,
        duration_since_last_stored_entry_ms: int = 0,
        random_seed: int | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Write Start. Exactly known_entries calls of replay() follow.

        random_seed: by default that of the invocation id. scope, limit_key and idempotency_key are sent
        from version 7 on.

        Raises:
            InvalidIdError: invocation_id is malformed.
        """
    def replay(self, code: int, payload: bytes) -> None:
        """Write one recorded entry, in journal order. Does nothing if the endpoint has already failed."""
    def replay_head(self, code: int, payload: bytes) -> bool:
        """Do what replay() does, but write only the head of the frame.

        If this returns true, the payload has to be sent right behind the output: it is large, and is not copied.
        """
    def notify(self, code: int, payload: bytes) -> bool:
        """Send the endpoint a notification that is now durable. Returns whether it was sent.

        If this attempt proposed the result of a run and asked for an ack, the ack is sent instead. False means that the
        input has ended or the attempt is over: pass the notification to can_resume() as unseen.
        """
    def acknowledge_command(self, index: int) -> None:
        """Acknowledge that a command is stored. Call it only for commands with `is_ack_requested`."""
    def end_input(self) -> None:
        """End the request body: nothing more is sent, and the endpoint should suspend."""
    def receive(self, data: bytes) -> None:
        """Receive bytes. Never raises: a protocol violation becomes AttemptFailed."""
    def receive_end(self) -> None:
        """End the response. If no terminal frame arrived before, the attempt failed."""
    def take_effect(self) -> Effect | None:
        """Return the next effect, or None if more bytes are needed."""
    def take_output(self) -> bytes: ...
    def is_output_pending(self) -> bool: ...
    def is_closed(self) -> bool:
        """Whether the attempt is over; its last effect may still have to be taken."""
    def is_input_open(self) -> bool:
        """Whether notifications still reach the endpoint."""
    @property
    def state(self) -> Literal["idle", "replaying", "open", "finished", "closed"]: ...
    @property
    def buffered_size(self) -> int:
        """Bytes of an incomplete frame."""

# ---------------------------------------------------------------- journal entries of the runtime

def encode_input(headers: Sequence[tuple[str, str]], body: bytes) -> tuple[int, bytes]:
    """Return code and payload of an Input command."""

def encode_completion(kind: str, completion_id: int, result: Result) -> tuple[int, bytes]:
    """Return code and payload of the notification that completes a command.

    kind: `GetLazyState`, `GetLazyStateKeys`, `GetPromise`, `PeekPromise`, `CompletePromise`, `Sleep`, `Call`,
    `CallInvocationId`, `Run`, `AttachInvocation` or `GetInvocationOutput`.

    Raises:
        ValueError: the kind is unknown, or cannot carry this result.
    """

def encode_signal(signal: int | str, result: Result) -> tuple[int, bytes]:
    """Return code and payload of a signal, given by its name, or by its index if it is built in or an awakeable.

    Raises:
        ValueError: a signal cannot carry this result.
    """

@final
class Resumption:
    """What a suspended invocation waits for, and what of it has come: `can_resume` one notification after the other."""

    def __new__(cls, future: bytes) -> Self:
        """Begin to wait for a future, of which nothing has come.

        Raises:
            RemoteProtocolError: future cannot be decoded.
        """
    def add(self, code: int, payload: bytes) -> bool:
        """Add a notification that the attempt did not receive, in journal order. Other entries are skipped.

        Returns:
            Whether `is_ready` may have changed.

        Raises:
            RemoteProtocolError: it cannot be decoded.
        """
    def is_ready(self) -> bool:
        """Whether the invocation can continue."""

def can_resume(future: bytes, unseen: Sequence[tuple[int, bytes]]) -> bool:
    """Whether an invocation that suspended on `future` can continue.

    unseen: code and payload of the notifications that the attempt did not receive, in journal order. Leave out those
    it received, or a CANCEL that it has seen would resume it again and again. Other entries are skipped.

    Raises:
        RemoteProtocolError: future or a notification cannot be decoded.
    """

@final
class StoredEntry:
    """A stored entry, in the shape of `sys_journal`."""

    @property
    def entry_type(self) -> str:
        """For example `Command: Run` or `Notification: Signal`."""
    @property
    def name(self) -> str | None:
        """The entry name, which only commands have."""
    @property
    def completion_ids(self) -> list[int]:
        """The completion ids that a command took, or the one that a notification answers."""
    @property
    def json(self) -> str:
        """JSON text with payloads as arrays of bytes."""
    @property
    def lite_json(self) -> str:
        """JSON text without payloads."""

def describe_entry(
    code: int,
    payload: bytes,
    *,
    callee_id: str | None = None,
    service_type: str | None = None,
    handler_type: str | None = None,
) -> StoredEntry:
    """Describe a stored entry. For a call, pass what is known about its target.

    service_type: `Service`, `VirtualObject` or `Workflow`. handler_type: `Exclusive`, `Shared` or `Workflow`.

    Raises:
        RemoteProtocolError: it is neither a command nor a notification.
    """
