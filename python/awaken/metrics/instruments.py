"""Every number that this package gives: the one home of names, units, labels, bounds and buckets.

`docs/how-to/metrics.md` shows this table, and a test compares them. Names are those of OpenTelemetry; Prometheus has
the same ones with underscores, the unit, and `_total` for counters. Labels never have ids, keys or payloads. What a
label may have is bounded by the application (its services and handlers), by a fixed list, or by a number.
"""

from __future__ import annotations

from typing import Final

from awaken.metrics.instrument_kinds import Across, Instrument, Kind, Label

__all__ = ["BY_NAME", "INSTRUMENTS"]

# ---------------------------------------------------------------- labels

_SERVICE: Final = Label("service", "of the application, or registered")
_HANDLER: Final = Label("handler", "of the service")
_RUN: Final = Label("run", "name of the run", most=20)
_WAIT: Final = Label("name", "name of the wait; empty without one", most=20)
_PORT: Final = Label(
    "port", "what is served there", ("endpoint", "ingress", "admin", "inbox", "links", "gateway", "metrics")
)
_HTTP_VERSION: Final = Label(
    "http_version", "`unknown` until the first bytes have come", ("1.1", "2", "unknown")
)
_RUN_OUTCOME: Final = Label(
    "outcome",
    "`failed` is a terminal error, or that retries are used up",
    ("succeeded", "failed", "retried", "cancelled"),
)
_ATTEMPT_OUTCOME: Final = Label(
    "outcome",
    "`retried` is any error that the runtime retries, except for journals that do not match the code",
    ("succeeded", "failed", "suspended", "retried", "mismatch", "disconnected"),
)
_END: Final = Label("outcome", "how it ended", ("succeeded", "failed", "cancelled", "killed"))
_AGE: Final = Label("age", "since the handler asked for it", ("1m", "1h", "1d", "7d", "more"))
_WAIT_KIND: Final = Label("kind", "what is awaited", ("awakeable", "signal", "promise"))
_DOOR: Final = Label(
    "door",
    "where the result came in",
    ("ingress", "admin", "grpc", "link", "inbox", "handler", "deadline", "process"),
)
_COMPLETION_OUTCOME: Final = Label(
    "outcome",
    "what became of it",
    ("applied", "already-completed", "unknown", "gone", "invalid", "accepted", "refused"),
)
_STATUS: Final = Label(
    "status", "of the invocation", ("scheduled", "inboxed", "invoked", "suspended", "paused", "completed")
)
_QUEUE: Final = Label("queue", "where it waits", ("inbox", "attempts", "timers", "callers", "commits"))
_FILE: Final = Label("file", "of the data directory", ("database", "log"))
_CODE: Final = Label(
    "code", "status of the answer: its class over HTTP, such as `4xx`, or the name over gRPC", most=20
)
_METHOD: Final = Label("method", "service and method, or `other`", most=60)

# ---------------------------------------------------------------- buckets

#: Of what handlers do, which takes between a millisecond and hours. In seconds.
_WORK: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    3600.0,
)
#: From request to result, which may wait for people. In seconds.
_LIVES: Final = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0, 21600.0, 86400.0, 604800.0)
#: Of delays that should not be. In seconds.
_LAGS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ENTRIES: Final = (
    0.0,
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
    1000.0,
    5000.0,
    10000.0,
    50000.0,
)
_SIZES: Final = (
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262144.0,
    1048576.0,
    4194304.0,
    16777216.0,
    67108864.0,
)
_COUNTS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

# ---------------------------------------------------------------- endpoints

ATTEMPTS: Final = Instrument(
    "attempts", Kind.COUNTER, "{attempt}", "Attempts that ended", (_SERVICE, _HANDLER, _ATTEMPT_OUTCOME)
)
ATTEMPT_DURATION: Final = Instrument(
    "attempt.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the begin of an attempt to its end, including what it waited with an open stream",
    (_SERVICE, _HANDLER),
    _WORK,
)
OPEN_ATTEMPTS: Final = Instrument(
    "open_attempts", Kind.GAUGE, "{attempt}", "Attempts that are running or waiting", (_SERVICE, _HANDLER)
)
REPLAY_ENTRIES: Final = Instrument(
    "replay.entries",
    Kind.HISTOGRAM,
    "{entry}",
    "Journal entries that an attempt began with",
    (_SERVICE, _HANDLER),
    _ENTRIES,
)
RUNS: Final = Instrument(
    "runs",
    Kind.COUNTER,
    "{run}",
    "Executions of runs that ended; replayed results do not count",
    (_SERVICE, _HANDLER, _RUN, _RUN_OUTCOME),
)
RUN_DURATION: Final = Instrument(
    "run.duration",
    Kind.HISTOGRAM,
    "s",
    "How long executions of runs took",
    (_SERVICE, _HANDLER, _RUN),
    _WORK,
)

# ---------------------------------------------------------------- processes that serve

CONNECTIONS: Final = Instrument(
    "open_connections", Kind.GAUGE, "{connection}", "Connections that are open", (_PORT, _HTTP_VERSION)
)
REQUESTS: Final = Instrument(
    "open_requests",
    Kind.GAUGE,
    "{request}",
    "Requests, which are streams of HTTP/2, whose answer has not ended",
    (_PORT, _HTTP_VERSION),
)
EVENT_LOOP_LAG: Final = Instrument(
    "event_loop.lag",
    Kind.HISTOGRAM,
    "s",
    "How late the event loop came to work that was due, measured once a second",
    (),
    _LAGS,
)
DRAINING: Final = Instrument(
    "draining", Kind.GAUGE, "{process}", "1 from SIGTERM until the process ends, 0 before", across=Across.MAX
)
READY: Final = Instrument(
    "ready", Kind.GAUGE, "{process}", "1 while /ready answers 200, or else 0", across=Across.MAX
)
WORKERS: Final = Instrument("workers", Kind.GAUGE, "{process}", "Worker processes that are alive")
WORKER_RESTARTS: Final = Instrument(
    "worker.restarts", Kind.COUNTER, "{process}", "Worker processes that died and were replaced"
)

# ---------------------------------------------------------------- the embedded runtime

ACCEPTED_INVOCATIONS: Final = Instrument(
    "accepted_invocations", Kind.COUNTER, "{invocation}", "Invocations that were stored", (_SERVICE, _HANDLER)
)
ENDED_INVOCATIONS: Final = Instrument(
    "ended_invocations", Kind.COUNTER, "{invocation}", "Invocations that ended", (_SERVICE, _HANDLER, _END)
)
INVOCATION_DURATION: Final = Instrument(
    "invocation.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the request of an invocation to its end",
    (_SERVICE, _HANDLER),
    _LIVES,
)
STORED_INVOCATIONS: Final = Instrument(
    "stored_invocations", Kind.GAUGE, "{invocation}", "Invocations in the store", (_STATUS,)
)
DISPATCHED_ATTEMPTS: Final = Instrument(
    "dispatched_attempts",
    Kind.COUNTER,
    "{attempt}",
    "Attempts that the runtime opened and that ended",
    (_SERVICE, _HANDLER, _ATTEMPT_OUTCOME),
)
OPEN_DISPATCHED_ATTEMPTS: Final = Instrument(
    "open_dispatched_attempts", Kind.GAUGE, "{attempt}", "Attempts that the runtime has open"
)
OPEN_WAITS: Final = Instrument(
    "open_waits",
    Kind.GAUGE,
    "{wait}",
    "Results from outside that handlers wait for, each counted under the smallest age it fits in",
    (_SERVICE, _HANDLER, _WAIT_KIND, _WAIT, _AGE),
)
OLDEST_WAIT_AGE: Final = Instrument(
    "oldest_wait.age",
    Kind.GAUGE,
    "s",
    "Age of the wait that is open for longest",
    (_SERVICE, _HANDLER),
    across=Across.MAX,
)
OVERDUE_WAITS: Final = Instrument(
    "overdue_waits",
    Kind.GAUGE,
    "{wait}",
    "Open waits whose deadline is over",
    (_SERVICE, _HANDLER, _WAIT),
)
COMPLETIONS: Final = Instrument(
    "completions",
    Kind.COUNTER,
    "{completion}",
    "Results that were given to waits from outside",
    (_DOOR, _COMPLETION_OUTCOME),
)
SCHEDULER_LAG: Final = Instrument(
    "scheduler.lag", Kind.HISTOGRAM, "s", "How late timers were handled that were due", (), _LAGS
)
COMMIT_DURATION: Final = Instrument(
    "commit.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the last write of a group of transactions until it was on disk",
    (),
    _LAGS,
)
COMMIT_SIZE: Final = Instrument(
    "commit.size", Kind.HISTOGRAM, "By", "Bytes that a group of transactions added to the log", (), _SIZES
)
COMMIT_TRANSACTIONS: Final = Instrument(
    "commit.transactions", Kind.HISTOGRAM, "{transaction}", "Transactions in a group", (), _COUNTS
)
LOST_COMMITS: Final = Instrument(
    "lost_commits", Kind.COUNTER, "{commit}", "Groups of transactions that the disk refused"
)
QUEUE_LENGTH: Final = Instrument(
    "queue.length", Kind.GAUGE, "{item}", "What waits for its turn, or for its time", (_QUEUE,)
)
JOURNAL_MEMORY: Final = Instrument(
    "journal.memory", Kind.GAUGE, "By", "Memory of the journals that open attempts are being sent"
)
STORE_SIZE: Final = Instrument("store.size", Kind.GAUGE, "By", "Size of the files of the store", (_FILE,))
DISK_FREE: Final = Instrument(
    "disk.free", Kind.GAUGE, "By", "Free space of the file system of the data directory", across=Across.MAX
)

# ---------------------------------------------------------------- what callers and operators ask

HTTP_REQUESTS: Final = Instrument(
    "http.requests", Kind.COUNTER, "{request}", "HTTP requests that were answered", (_PORT, _CODE)
)
GRPC_REQUESTS: Final = Instrument(
    "grpc.requests", Kind.COUNTER, "{request}", "gRPC calls that were answered", (_METHOD, _CODE)
)
GRPC_DURATION: Final = Instrument(
    "grpc.duration", Kind.HISTOGRAM, "s", "Time from a gRPC call to the end of its answer", (_METHOD,), _WORK
)

INSTRUMENTS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Instrument))

BY_NAME: Final = {instrument.path: instrument for instrument in INSTRUMENTS}
