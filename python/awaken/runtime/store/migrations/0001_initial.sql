-- Times are integer UTC milliseconds. Payloads are the protobuf messages of the wire, byte for byte.

CREATE TABLE deployment (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    -- JSON, see awaken.runtime.deployments.
    document TEXT NOT NULL
) STRICT;

-- Statuses: scheduled (not due), inboxed (behind another one of its key), invoked (an attempt runs or will),
-- suspended (until something in `future` happens), paused (until an operator resumes it), completed.
CREATE TABLE invocation (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL
        CHECK (status IN ('scheduled', 'inboxed', 'invoked', 'suspended', 'paused', 'completed')),
    service TEXT NOT NULL,
    key TEXT,
    handler TEXT NOT NULL,
    -- exclusive, shared, workflow; NULL for a handler of a service.
    kind TEXT,
    scope TEXT,
    limit_key TEXT,
    idempotency_key TEXT,
    -- ingress, service, restart_as_new.
    invoked_by TEXT NOT NULL,
    invoked_by_id TEXT,
    invoked_by_target TEXT,
    restarted_from TEXT,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    -- When a delayed one starts, and when that was asked for.
    scheduled_start_at INTEGER,
    scheduled_at INTEGER,
    inboxed_at INTEGER,
    running_at INTEGER,
    completed_at INTEGER,
    completion_retention_ms INTEGER NOT NULL,
    journal_retention_ms INTEGER NOT NULL,
    completion_expires_at INTEGER,
    journal_expires_at INTEGER,
    -- Pinned when the first command is stored.
    deployment_id TEXT,
    protocol_version INTEGER,
    -- Of attempts since it was invoked; they start over when it suspends, pauses, or the runtime restarts.
    retry_count INTEGER NOT NULL DEFAULT 0,
    -- Failed attempts that did not ask for a delay of their own: those that the policy counts.
    counted_failures INTEGER NOT NULL DEFAULT 0,
    -- Failed attempts since the last new command, as attempts are started with.
    failures_since_entry INTEGER NOT NULL DEFAULT 0,
    last_start_at INTEGER,
    next_retry_at INTEGER,
    last_failure TEXT,
    last_failure_code TEXT,
    last_failure_stacktrace TEXT,
    last_failure_command_index INTEGER,
    last_failure_command_name TEXT,
    last_failure_command_type TEXT,
    last_attempt_deployment_id TEXT,
    -- What a suspended one waits for: the tree as the endpoint sent it and as JSON, and where in the journal begins
    -- what the endpoint has not seen.
    future BLOB,
    future_json TEXT,
    waiting_completions TEXT,
    waiting_signals TEXT,
    news_from INTEGER,
    result_value BLOB,
    failure_code INTEGER,
    failure_message TEXT,
    -- JSON.
    failure_metadata TEXT,
    failure_stacktrace TEXT
) STRICT;

CREATE INDEX invocation_invoked ON invocation (seq) WHERE status = 'invoked';
CREATE INDEX invocation_by_caller ON invocation (invoked_by_id) WHERE invoked_by_id IS NOT NULL;
CREATE INDEX invocation_expiring ON invocation (completion_expires_at) WHERE completion_expires_at IS NOT NULL;
CREATE INDEX invocation_journal_expiring ON invocation (journal_expires_at) WHERE journal_expires_at IS NOT NULL;
CREATE INDEX invocation_by_deployment ON invocation (deployment_id) WHERE status <> 'completed';

CREATE TABLE journal (
    invocation INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    -- The type code of the message: below 0x8000 a command.
    code INTEGER NOT NULL,
    payload BLOB NOT NULL,
    appended_at INTEGER NOT NULL,
    -- The index of a signal without a name.
    signal INTEGER,
    PRIMARY KEY (invocation, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX journal_signal ON journal (invocation, signal) WHERE signal IS NOT NULL;

-- Awakeables that a suspended invocation waits for.
CREATE TABLE awakeable (
    invocation INTEGER NOT NULL,
    signal INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (invocation, signal)
) STRICT, WITHOUT ROWID;

CREATE INDEX awakeable_by_age ON awakeable (since, invocation, signal);

-- Exclusive work of each key, in the order of arrival; the first row holds the key.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    key TEXT NOT NULL,
    -- NULL for an edit of state by an operator.
    invocation INTEGER,
    edited_state BLOB,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX inbox_of_key ON inbox (service, key, seq);
CREATE INDEX inbox_of_invocation ON inbox (invocation) WHERE invocation IS NOT NULL;

CREATE TABLE state (
    service TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (service, key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE promise (
    service TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    -- All NULL while it has no result.
    value BLOB,
    failure_code INTEGER,
    failure_message TEXT,
    failure_metadata TEXT,
    PRIMARY KEY (service, key, name)
) STRICT, WITHOUT ROWID;

-- Commands that wait for a promise.
CREATE TABLE promise_waiter (
    service TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    invocation INTEGER NOT NULL,
    completion_id INTEGER NOT NULL,
    PRIMARY KEY (service, key, name, invocation, completion_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX promise_waiter_of_invocation ON promise_waiter (invocation);

-- Which command of which invocation gets the result of another one.
CREATE TABLE listener (
    invocation INTEGER NOT NULL,
    caller INTEGER NOT NULL,
    completion_id INTEGER NOT NULL,
    -- The kind of notification: Call or AttachInvocation.
    kind TEXT NOT NULL,
    PRIMARY KEY (invocation, caller, completion_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listener_of_caller ON listener (caller);

CREATE TABLE timer (
    seq INTEGER PRIMARY KEY,
    due INTEGER NOT NULL,
    -- start, sleep, retry.
    kind TEXT NOT NULL,
    invocation INTEGER NOT NULL,
    completion_id INTEGER
) STRICT;

CREATE INDEX timer_due ON timer (due, seq);
CREATE INDEX timer_of_invocation ON timer (invocation);
