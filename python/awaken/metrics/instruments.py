"""Every number that this package gives: the one home of names, units, labels, bounds and buckets.

`docs/how-to/metrics.md` shows this table, and a test compares them. Names are those of OpenTelemetry; Prometheus has
the same ones with underscores, the unit, and `_total` for counters. Labels never have ids, keys or payloads. What a
label may have is bounded by the application (its services and handlers), by a fixed list, or by a number.
"""

from __future__ import annotations

from typing import Final

from awaken.metrics import buckets, labels
from awaken.metrics.instrument_kinds import Across, Instrument, Kind

__all__ = ["BY_NAME", "INSTRUMENTS"]

# ---------------------------------------------------------------- endpoints

ATTEMPTS: Final = Instrument(
    "attempts",
    Kind.COUNTER,
    "{attempt}",
    "Attempts that ended",
    (labels.SERVICE, labels.HANDLER, labels.ATTEMPT_OUTCOME),
)
ATTEMPT_DURATION: Final = Instrument(
    "attempt.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the begin of an attempt to its end, including what it waited with an open stream",
    (labels.SERVICE, labels.HANDLER),
    buckets.WORK,
)
OPEN_ATTEMPTS: Final = Instrument(
    "open_attempts",
    Kind.GAUGE,
    "{attempt}",
    "Attempts that are running or waiting",
    (labels.SERVICE, labels.HANDLER),
)
REPLAY_ENTRIES: Final = Instrument(
    "replay.entries",
    Kind.HISTOGRAM,
    "{entry}",
    "Journal entries that an attempt began with",
    (labels.SERVICE, labels.HANDLER),
    buckets.ENTRIES,
)
RUNS: Final = Instrument(
    "runs",
    Kind.COUNTER,
    "{run}",
    "Executions of runs that ended; replayed results do not count",
    (labels.SERVICE, labels.HANDLER, labels.RUN, labels.RUN_OUTCOME),
)
RUN_DURATION: Final = Instrument(
    "run.duration",
    Kind.HISTOGRAM,
    "s",
    "How long executions of runs took",
    (labels.SERVICE, labels.HANDLER, labels.RUN),
    buckets.WORK,
)

# ---------------------------------------------------------------- processes that serve

CONNECTIONS: Final = Instrument(
    "open_connections",
    Kind.GAUGE,
    "{connection}",
    "Connections that are open",
    (labels.PORT, labels.HTTP_VERSION),
)
REQUESTS: Final = Instrument(
    "open_requests",
    Kind.GAUGE,
    "{request}",
    "Requests, which are streams of HTTP/2, whose answer has not ended",
    (labels.PORT, labels.HTTP_VERSION),
)
EVENT_LOOP_LAG: Final = Instrument(
    "event_loop.lag",
    Kind.HISTOGRAM,
    "s",
    "How late the event loop came to work that was due, measured once a second",
    (),
    buckets.LAGS,
)
EVENT_LOOP_AGE: Final = Instrument(
    "event_loop.age",
    Kind.GAUGE,
    "s",
    "Time since the event loop last came round, which it does once a second; of workers, the one that is behind most",
    across=Across.MAX,
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
    "Invocations that were stored on disk",
    (labels.STORED_SERVICE, labels.STORED_HANDLER),
)
ENDED_INVOCATIONS: Final = Instrument(
    "ended_invocations",
    Kind.COUNTER,
    "{invocation}",
    "Invocations that ended",
    (labels.STORED_SERVICE, labels.STORED_HANDLER, labels.END),
)
INVOCATION_DURATION: Final = Instrument(
    "invocation.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the request of an invocation to its end",
    (labels.STORED_SERVICE, labels.STORED_HANDLER),
    buckets.LIVES,
)
STORED_INVOCATIONS: Final = Instrument(
    "stored_invocations",
    Kind.GAUGE,
    "{invocation}",
    "Invocations in the store; completed ones are kept by their retention",
    (labels.STATUS,),
)
DISPATCHED_ATTEMPTS: Final = Instrument(
    "dispatched_attempts",
    Kind.COUNTER,
    "{attempt}",
    "Attempts of the runtime that ended; not those that a kill or a stop of the runtime closed",
    (labels.STORED_SERVICE, labels.STORED_HANDLER, labels.DEPLOYMENT, labels.DISPATCH_OUTCOME),
)
DISPATCHED_ATTEMPT_DURATION: Final = Instrument(
    "dispatched_attempt.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the begin of an attempt to its end, as the runtime sees it",
    (labels.STORED_SERVICE, labels.STORED_HANDLER),
    buckets.WORK,
)
DISPATCHED_ENTRIES: Final = Instrument(
    "dispatched_attempt.entries",
    Kind.HISTOGRAM,
    "{entry}",
    "Journal entries that an attempt was sent at its begin",
    (),
    buckets.ENTRIES,
)
ATTEMPT_FAILURES: Final = Instrument(
    "dispatched_attempt.failures",
    Kind.COUNTER,
    "{attempt}",
    "Attempts that failed, by the documented code of the failure",
    (labels.REASON,),
)
OPEN_DISPATCHED_ATTEMPTS: Final = Instrument(
    "open_dispatched_attempts", Kind.GAUGE, "{attempt}", "Attempts that the runtime has open"
)
REACHABLE_DEPLOYMENTS: Final = Instrument(
    "deployment.reachable",
    Kind.GAUGE,
    "{deployment}",
    "1 if the last attempt on the deployment was answered, 0 if it could not be reached or its stream broke",
    (labels.DEPLOYMENT,),
    across=Across.MIN,
)
OPEN_WAITS: Final = Instrument(
    "open_waits",
    Kind.GAUGE,
    "{wait}",
    "Results from outside that handlers wait for, each under the smallest age it fits in; only callbacks and approvals "
    "have names",
    (labels.STORED_SERVICE, labels.STORED_HANDLER, labels.WAIT, labels.AGE),
)
OLDEST_WAIT_AGE: Final = Instrument(
    "oldest_wait.age",
    Kind.GAUGE,
    "s",
    "Age of the wait that is open for longest",
    (labels.STORED_SERVICE, labels.STORED_HANDLER),
    across=Across.MAX,
)
OVERDUE_WAITS: Final = Instrument(
    "overdue_waits",
    Kind.GAUGE,
    "{wait}",
    "Open callbacks and approvals that have expired, and whose handler has not noticed that yet; not awakeables with a "
    "timeout",
    (labels.STORED_SERVICE, labels.STORED_HANDLER, labels.WAIT),
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
    (labels.DOOR, labels.COMPLETION_OUTCOME),
)
OLDEST_READY_AGE: Final = Instrument(
    "oldest_ready.age",
    Kind.GAUGE,
    "s",
    "For how long the first invocation that is ready to run has been waiting for an attempt; 0 if none waits",
    across=Across.MAX,
)
SCHEDULER_LAG: Final = Instrument(
    "scheduler.lag",
    Kind.HISTOGRAM,
    "s",
    "How late timers were handled that were due",
    (labels.TIMER,),
    buckets.LAGS,
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
    buckets.LAGS,
)
COMMIT_SIZE: Final = Instrument(
    "commit.size",
    Kind.HISTOGRAM,
    "By",
    "Bytes that a group of transactions added to the log",
    (),
    buckets.SIZES,
)
COMMIT_STATEMENTS: Final = Instrument(
    "commit.statements",
    Kind.HISTOGRAM,
    "{statement}",
    "Rows that a group of transactions wrote",
    (),
    buckets.COUNTS,
)
SYNC_DURATION: Final = Instrument(
    "sync.duration",
    Kind.HISTOGRAM,
    "s",
    "How long the disk took to store a commit, on a thread",
    (),
    buckets.LAGS,
)
CHECKPOINT_DURATION: Final = Instrument(
    "checkpoint.duration",
    Kind.HISTOGRAM,
    "s",
    "How long copying the log into the database took",
    (),
    buckets.LAGS,
)
LOST_COMMITS: Final = Instrument(
    "lost_commits", Kind.COUNTER, "{commit}", "Groups of transactions that the disk refused"
)
QUEUE_LENGTH: Final = Instrument(
    "queue.length", Kind.GAUGE, "{item}", "What waits for its turn, or for its time", (labels.QUEUE,)
)
JOURNAL_MEMORY: Final = Instrument(
    "journal.memory",
    Kind.GAUGE,
    "By",
    "Memory of journals on their way to open attempts, and of answers on their way from them",
)
STORE_SIZE: Final = Instrument(
    "store.size", Kind.GAUGE, "By", "Size of the files of the store", (labels.FILE,)
)
DISK_FREE: Final = Instrument(
    "disk.free", Kind.GAUGE, "By", "Free space of the file system of the data directory", across=Across.MIN
)

# ---------------------------------------------------------------- what callers and operators ask

HTTP_REQUESTS: Final = Instrument(
    "http.requests", Kind.COUNTER, "{request}", "HTTP requests that were answered", (labels.PORT, labels.CODE)
)
GRPC_REQUESTS: Final = Instrument(
    "grpc.requests", Kind.COUNTER, "{request}", "gRPC calls that were answered", (labels.METHOD, labels.CODE)
)
GRPC_DURATION: Final = Instrument(
    "grpc.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from a gRPC call to the end of its answer",
    (labels.METHOD,),
    buckets.WORK,
)

# ---------------------------------------------------------------- a gateway

NODE_DURATION: Final = Instrument(
    "node.duration",
    Kind.HISTOGRAM,
    "s",
    "How long a runtime took to answer the gateway; without requests that wait for results",
    (labels.INTERFACE, labels.NODE),
    buckets.WORK,
)
NODE_REQUESTS: Final = Instrument(
    "node.requests",
    Kind.COUNTER,
    "{request}",
    "Requests of the gateway to a runtime",
    (labels.INTERFACE, labels.NODE, labels.NODE_OUTCOME),
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
