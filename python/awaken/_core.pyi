"""Types of the compiled protocol core: pure functions of their input, no I/O and no clock.

Machines are not shared between threads. Bytes given in are borrowed for as long as the machine lives.
"""

from collections.abc import Sequence
from typing import Final, Self, final

__version__: Final[str]

MIN_PROTOCOL_VERSION: Final[int]
MAX_PROTOCOL_VERSION: Final[int]
#: Largest frame payload accepted by default, in bytes.
DEFAULT_MAX_MESSAGE_SIZE: Final[int]
#: Largest journal (all known entries together) accepted by default, in bytes.
DEFAULT_MAX_JOURNAL_SIZE: Final[int]

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
    def invocation_id(self) -> str: ...
    @property
    def index(self) -> int: ...
    @property
    def is_legacy(self) -> bool: ...

def format_invocation_id(raw: bytes) -> str:
    """Write 24 raw bytes as `inv_1...`. Raises InvalidIdError for another length."""

def parse_invocation_id(text: str) -> bytes:
    """Read `inv_1...` into its 24 raw bytes. Raises InvalidIdError."""

def format_awakeable_id(invocation: bytes, index: int) -> str:
    """Write `sign_1...` from 24 raw bytes and a signal index. Raises InvalidIdError."""

def parse_awakeable_id(text: str) -> AwakeableId:
    """Read `sign_1...` or `prom_1...`. Raises InvalidIdError."""

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
        """Encode the decoded message again: header and payload, fields in ascending order."""

@final
class Decoder:
    """Pushes bytes in, pulls messages out."""

    def __new__(cls, *, max_message_size: int = ...) -> Self: ...
    def receive(self, data: bytes) -> None: ...
    def take_message(self) -> Message | None:
        """Return the next whole message, or None when more bytes are needed.

        Raises:
            RemoteProtocolError: unknown code, invalid protobuf, or a frame above the size limit.
        """

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
    """When a failing run is retried; None leaves a bound or the default of the field (all durations in ms)."""

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
    """What the handler was called with, and what the runtime said about this attempt."""

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

#: What a notification carried: Void as None, Value as bytes, an invocation id as str,
#: state keys as list, Failure as itself.
Result = bytes | str | list[str] | Failure | None

@final
class Completed:
    """An awaited handle has its result, which is taken by this call."""

    __match_args__ = ("handle", "result")
    @property
    def handle(self) -> int: ...
    @property
    def result(self) -> Result: ...

@final
class RunRequired:
    """The closure of this run has to be executed now; afterwards call one of the `*_run` methods."""

    __match_args__ = ("handle",)
    @property
    def handle(self) -> int: ...

@final
class InputRequired:
    """Nothing can go on before more input arrives or an executing run ends."""

@final
class Cancelled:
    """The invocation was cancelled: raise a terminal error 409 `cancelled` at the await. Child calls were told."""

@final
class Suspended:
    """The attempt is over: the Suspension frame is in the output."""

@final
class Closed:
    """The attempt is over by an error; its frame is in the output and `error` tells it."""

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
    ) -> Self: ...

    # Bytes in, bytes out. These never raise: a protocol error closes the machine with an Error frame.
    def receive(self, data: bytes) -> None: ...
    def receive_end(self) -> None: ...
    def take_output(self) -> bytes: ...
    def is_output_pending(self) -> bool: ...
    def is_ready(self) -> bool:
        """Whether all known entries have arrived, so that take_input() may be called."""
    def is_closed(self) -> bool:
        """Whether the terminal frame is written (it may still be in the output)."""
    def is_replaying(self) -> bool: ...
    def is_input_open(self) -> bool: ...
    @property
    def state(self) -> str:
        """One of `bootstrapping`, `replaying`, `processing`, `closed`."""
    @property
    def buffered_size(self) -> int:
        """Bytes received and not yet consumed by the handler: what flow control has to bound."""
    @property
    def error(self) -> tuple[int, str] | None:
        """Code and message of the Error frame that closed the attempt."""
    @property
    def invocation_id(self) -> str:
        """The textual id, empty before Start."""
    @property
    def last_command(self) -> tuple[int, str, str]:
        """Index, type name and entry name of the last command, for messages and logs."""

    def take_input(self) -> Input:
        """Match the Input command and return it. Called once, when is_ready()."""

    # Awaiting.
    def progress(self, awaited: int | Awaiting) -> Progress:
        """Release the next result that an awaited leaf gets, or say what has to happen first.

        At most one result per call, in journal order. Call it only when the handler has come to rest.
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

        Returns True when the policy gave up: the failure is proposed as terminal and the run completes with it.
        Returns False when the attempt ended with an Error frame that names the run and the delay.
        """
    def sleep(self, wake_up_time_ms: int, name: str = "") -> int: ...
    def awakeable(self) -> tuple[str, int]:
        """Return the id and the handle of the next awakeable; nothing is journaled."""
    def signal(self, name: str) -> int: ...
    def resolve_awakeable(self, awakeable_id: str, value: bytes, name: str = "") -> None:
        """Raises InvalidIdError before anything is journaled; a legacy `prom_1` id is refused."""
    def reject_awakeable(self, awakeable_id: str, failure: Failure, name: str = "") -> None: ...
    def resolve_signal(self, invocation_id: str, signal_name: str, value: bytes, name: str = "") -> None: ...
    def reject_signal(
        self, invocation_id: str, signal_name: str, failure: Failure, name: str = ""
    ) -> None: ...
    def cancel_invocation(self, invocation_id: str, name: str = "") -> None: ...
    def get_state(self, key: str, name: str = "") -> bytes | int | None:
        """Return an eager value (None when absent), or the handle of a lazy read."""
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
    def attach_workflow(
        self, workflow: str, key: str, *, scope: str | None = None, name: str = ""
    ) -> int: ...
    def attach_idempotent(
        self,
        service: str,
        handler: str,
        idempotency_key: str,
        *,
        key: str | None = None,
        scope: str | None = None,
        name: str = "",
    ) -> int: ...
    def get_invocation_output(self, invocation_id: str, name: str = "") -> int: ...
    def get_workflow_output(
        self, workflow: str, key: str, *, scope: str | None = None, name: str = ""
    ) -> int: ...
    def get_idempotent_output(
        self,
        service: str,
        handler: str,
        idempotency_key: str,
        *,
        key: str | None = None,
        scope: str | None = None,
        name: str = "",
    ) -> int: ...

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
        """Write the Error frame: the attempt failed and the runtime may retry it. Works in every open state."""
