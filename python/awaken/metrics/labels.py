"""The labels of instruments, and what bounds their values."""

from __future__ import annotations

from typing import Final

from awaken.metrics.instrument_kinds import Label

SERVICE: Final = Label("service", "of the application, or registered")
HANDLER: Final = Label("handler", "of the service")
#: Of the embedded runtime, with which anybody may register who may operate it.
STORED_SERVICE: Final = Label("service", "that is registered", most=200)
STORED_HANDLER: Final = Label("handler", "of the service", most=100)
RUN: Final = Label("run", "name of the run", most=20)
WAIT: Final = Label(
    "name", "of the callback or approval; empty for awakeables, and with more than 2,000 waits", most=20
)
PORT: Final = Label(
    "port", "what is served there", ("endpoint", "ingress", "admin", "inbox", "links", "gateway", "metrics")
)
HTTP_VERSION: Final = Label(
    "http_version", "`unknown` until the first bytes have come", ("1.1", "2", "unknown")
)
RUN_OUTCOME: Final = Label(
    "outcome",
    "`failed` is a terminal error, or that retries are used up",
    ("succeeded", "failed", "retried", "cancelled"),
)
ATTEMPT_OUTCOME: Final = Label(
    "outcome",
    "`retried` is any error that the runtime retries, except for journals that do not match the code",
    ("succeeded", "failed", "suspended", "retried", "mismatch", "disconnected"),
)
END: Final = Label(
    "outcome",
    "how it ended; `cancelled` is a failure after somebody cancelled it, whatever its code",
    ("succeeded", "failed", "cancelled", "killed"),
)
AGE: Final = Label("age", "since the handler asked for it", ("1m", "1h", "1d", "7d", "more"))
DEPLOYMENT: Final = Label("deployment", "its id; empty if none is registered", most=20)
DISPATCH_OUTCOME: Final = Label(
    "outcome",
    "what followed; `failed` is a terminal error",
    ("succeeded", "failed", "suspended", "paused", "retried"),
)
REASON: Final = Label("reason", "such as RT0010, a stream that broke", most=30)
TIMER: Final = Label("timer", "delayed start, sleep or retry", ("start", "sleep", "retry"))
INTERFACE: Final = Label("interface", "of the runtime", ("ingress", "admin"))
NODE: Final = Label("node", "its URL", most=20)
NODE_OUTCOME: Final = Label(
    "outcome",
    "`unreachable` is no connection, `broken` one that ended before the answer, `error` a status of 500 and more",
    ("answered", "refused", "error", "unreachable", "broken", "no_answer"),
)
DOOR: Final = Label(
    "door",
    "where the result came in; `expiry` if nobody answered in time",
    ("ingress", "grpc", "link", "inbox", "slack", "handler", "expiry"),
)
COMPLETION_OUTCOME: Final = Label(
    "outcome",
    "what became of it; `refused` is an answer by somebody who may not give it",
    ("resolved", "rejected", "expired", "already_completed", "unknown", "gone", "invalid", "refused"),
)
STATUS: Final = Label(
    "status",
    "of the invocation",
    ("scheduled", "inboxed", "ready", "running", "backing_off", "suspended", "paused", "completed"),
)
QUEUE: Final = Label("queue", "where it waits", ("inbox", "attempts", "timers", "callers", "commits"))
FILE: Final = Label(
    "file",
    "of the data directory; `free` is the part of the database that holds nothing",
    ("database", "free", "log"),
)
CODE: Final = Label("code", "status of the answer over HTTP, or its name over gRPC", most=40)
METHOD: Final = Label("method", "service and method, or `other`", most=60)
