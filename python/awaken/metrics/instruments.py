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
#: Of the embedded runtime, with which anybody may register who may operate it.
_STORED_SERVICE: Final = Label("service", "that is registered", most=200)
_STORED_HANDLER: Final = Label("handler", "of the service", most=100)
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
_DEPLOYMENT: Final = Label("deployment", "its id; empty if none is registered", most=20)
_DISPATCH_OUTCOME: Final = Label(
    "outcome",
    "what followed; `failed` is a terminal error",
    ("succeeded", "failed", "suspended", "paused", "retried"),
)
_REASON: Final = Label("reason", "such as RT0010, a stream that broke", most=30)
_TIMER: Final = Label("timer", "delayed start, sleep or retry", ("start", "sleep", "retry"))
_INTERFACE: Final = Label("interface", "of the runtime", ("ingress", "admin"))
_NODE: Final = Label("node", "its URL", most=20)
_NODE_OUTCOME: Final = Label(
    "outcome",
    "`unreachable` is no connection, `broken` one that ended before the answer, `error` a status of 500 and more",
    ("answered", "refused", "error", "unreachable", "broken", "no_answer"),
)
_DOOR: Final = Label(
    "door",
    "where the result came in; `expiry` if nobody answered in time",
    ("ingress", "grpc", "link", "inbox", "slack", "handler", "expiry"),
)
_COMPLETION_OUTCOME: Final = Label(
    "outcome",
    "what became of it; `refused` is an answer by somebody who may not give it",
    ("resolved", "rejected", "expired", "already_completed", "unknown", "gone", "invalid", "refused"),
)
_STATUS: Final = Label(
    "status",
    "of the invocation",
    ("scheduled", "inboxed", "ready", "running", "backing_off", "suspended", "paused", "completed"),
)
_QUEUE: Final = Label("queue", "where it waits", ("inbox", "attempts", "timers", "callers", "commits"))
_FILE: Final = Label(
    "file",
    "of the data directory; `free` is the part of the database that holds nothing",
    ("database", "free", "log"),
)
_CODE: Final = Label("code", "status of the answer over HTTP, or its name over gRPC", most=40)
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
    "accepted_invocations",
    Kind.COUNTER,
    "{invocation}",
    "Invocations that were stored",
    (_STORED_SERVICE, _STORED_HANDLER),
)
ENDED_INVOCATIONS: Final = Instrument(
    "ended_invocations",
    Kind.COUNTER,
    "{invocation}",
    "Invocations that ended",
    (_STORED_SERVICE, _STORED_HANDLER, _END),
)
INVOCATION_DURATION: Final = Instrument(
    "invocation.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the request of an invocation to its end",
    (_STORED_SERVICE, _STORED_HANDLER),
    _LIVES,
)
STORED_INVOCATIONS: Final = Instrument(
    "stored_invocations",
    Kind.GAUGE,
    "{invocation}",
    "Invocations in the store; completed ones are kept by their retention",
    (_STATUS,),
)
DISPATCHED_ATTEMPTS: Final = Instrument(
    "dispatched_attempts",
    Kind.COUNTER,
    "{attempt}",
    "Attempts that the runtime opened and that ended",
    (_STORED_SERVICE, _STORED_HANDLER, _DEPLOYMENT, _DISPATCH_OUTCOME),
)
DISPATCHED_ATTEMPT_DURATION: Final = Instrument(
    "dispatched_attempt.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the begin of an attempt to its end, as the runtime sees it",
    (_STORED_SERVICE, _STORED_HANDLER),
    _WORK,
)
DISPATCHED_ENTRIES: Final = Instrument(
    "dispatched_attempt.entries",
    Kind.HISTOGRAM,
    "{entry}",
    "Journal entries that an attempt was sent at its begin",
    (),
    _ENTRIES,
)
ATTEMPT_FAILURES: Final = Instrument(
    "dispatched_attempt.failures",
    Kind.COUNTER,
    "{attempt}",
    "Attempts that failed, by the documented code of the failure",
    (_REASON,),
)
OPEN_DISPATCHED_ATTEMPTS: Final = Instrument(
    "open_dispatched_attempts", Kind.GAUGE, "{attempt}", "Attempts that the runtime has open"
)
REACHABLE_DEPLOYMENTS: Final = Instrument(
    "deployment.reachable",
    Kind.GAUGE,
    "{deployment}",
    "1 if the last attempt on the deployment was answered, 0 if it could not be reached or its stream broke",
    (_DEPLOYMENT,),
    across=Across.MAX,
)
OPEN_WAITS: Final = Instrument(
    "open_waits",
    Kind.GAUGE,
    "{wait}",
    "Results from outside that handlers wait for, each counted under the smallest age it fits in",
    (_STORED_SERVICE, _STORED_HANDLER, _WAIT, _AGE),
)
OLDEST_WAIT_AGE: Final = Instrument(
    "oldest_wait.age",
    Kind.GAUGE,
    "s",
    "Age of the wait that is open for longest",
    (_STORED_SERVICE, _STORED_HANDLER),
    across=Across.MAX,
)
OVERDUE_WAITS: Final = Instrument(
    "overdue_waits",
    Kind.GAUGE,
    "{wait}",
    "Open waits that have expired, and whose handler has not noticed that yet",
    (_STORED_SERVICE, _STORED_HANDLER, _WAIT),
)
STANDING_AGE: Final = Instrument(
    "standing.age",
    Kind.GAUGE,
    "s",
    "How old the numbers of waits and stored invocations are: many take long to count, and are counted less often",
    across=Across.MAX,
)
STANDING_DURATION: Final = Instrument(
    "standing.duration",
    Kind.GAUGE,
    "s",
    "How long counting waits and stored invocations took, on a thread",
    across=Across.MAX,
)
COMPLETIONS: Final = Instrument(
    "completions",
    Kind.COUNTER,
    "{completion}",
    "Results that were given to waits from outside",
    (_DOOR, _COMPLETION_OUTCOME),
)
OLDEST_READY_AGE: Final = Instrument(
    "oldest_ready.age",
    Kind.GAUGE,
    "s",
    "For how long the first invocation that is ready to run has been waiting for an attempt; 0 if none waits",
    across=Across.MAX,
)
SCHEDULER_LAG: Final = Instrument(
    "scheduler.lag", Kind.HISTOGRAM, "s", "How late timers were handled that were due", (_TIMER,), _LAGS
)
OVERDUE_TIMER_AGE: Final = Instrument(
    "overdue_timer.age",
    Kind.GAUGE,
    "s",
    "For how long the first timer is due that was not handled yet; 0 if none is",
    across=Across.MAX,
)
COMMIT_DURATION: Final = Instrument(
    "commit.duration",
    Kind.HISTOGRAM,
    "s",
    "How long the event loop took to commit a group of transactions, which does not wait for the disk",
    (),
    _LAGS,
)
COMMIT_SIZE: Final = Instrument(
    "commit.size", Kind.HISTOGRAM, "By", "Bytes that a group of transactions added to the log", (), _SIZES
)
COMMIT_STATEMENTS: Final = Instrument(
    "commit.statements", Kind.HISTOGRAM, "{statement}", "Rows that a group of transactions wrote", (), _COUNTS
)
SYNC_DURATION: Final = Instrument(
    "sync.duration", Kind.HISTOGRAM, "s", "How long the disk took to store a commit, on a thread", (), _LAGS
)
CHECKPOINT_DURATION: Final = Instrument(
    "checkpoint.duration", Kind.HISTOGRAM, "s", "How long copying the log into the database took", (), _LAGS
)
LOST_COMMITS: Final = Instrument(
    "lost_commits", Kind.COUNTER, "{commit}", "Groups of transactions that the disk refused"
)
QUEUE_LENGTH: Final = Instrument(
    "queue.length", Kind.GAUGE, "{item}", "What waits for its turn, or for its time", (_QUEUE,)
)
JOURNAL_MEMORY: Final = Instrument(
    "journal.memory",
    Kind.GAUGE,
    "By",
    "Memory of journals on their way to open attempts, and of answers on their way from them",
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

# ---------------------------------------------------------------- a gateway

NODE_DURATION: Final = Instrument(
    "node.duration",
    Kind.HISTOGRAM,
    "s",
    "How long a runtime took to answer the gateway; without requests that wait for results",
    (_INTERFACE, _NODE),
    _WORK,
)
NODE_REQUESTS: Final = Instrument(
    "node.requests",
    Kind.COUNTER,
    "{request}",
    "Requests of the gateway to a runtime",
    (_INTERFACE, _NODE, _NODE_OUTCOME),
)
COUNTED_WAITS: Final = Instrument(
    "counted_waits",
    Kind.GAUGE,
    "{wait}",
    "Open waits of the runtime that the gateway is in front of, at most 1,000: more are not counted",
)
COUNTED_WAIT_AGE: Final = Instrument(
    "counted_wait.age",
    Kind.GAUGE,
    "s",
    "Age of its wait that is open for longest, as far as that runtime tells",
    across=Across.MAX,
)

INSTRUMENTS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Instrument))

BY_NAME: Final = {instrument.path: instrument for instrument in INSTRUMENTS}
