-- The server's introspection tables, as views on the tables of the store; `tables.txt` has the types and the order of
-- their columns, and the tables that are empty here. Times and durations are milliseconds. Functions of ours get text as
-- bytes: Python would fail the whole query at text that is not UTF-8.

-- What the tables of invocations have in common, read from each row once; no table of the server.
CREATE TEMP VIEW invocation_columns AS
SELECT
    partition_key(CAST(id AS BLOB)) AS partition_key,
    id,
    NULL AS vqueue_id,
    service || iif(key IS NULL, '', '/' || key) || '/' || handler AS target,
    service AS target_service_name,
    key AS target_service_key,
    handler AS target_handler_name,
    CASE kind
        WHEN 'workflow' THEN 'workflow'
        WHEN 'exclusive' THEN 'virtual_object'
        WHEN 'shared' THEN coalesce((SELECT ty FROM temp.registered_service AS r WHERE r.name = service), 'virtual_object')
        ELSE 'service'
    END AS target_service_ty,
    scope,
    limit_key,
    idempotency_key,
    invoked_by,
    iif(invoked_by = 'service', substr(invoked_by_target, 1, instr(invoked_by_target || '/', '/') - 1), NULL)
        AS invoked_by_service_name,
    iif(invoked_by = 'service', invoked_by_id, NULL) AS invoked_by_id,
    NULL AS invoked_by_subscription_id,
    invoked_by_target,
    restarted_from,
    deployment_id AS pinned_deployment_id,
    protocol_version AS pinned_service_protocol_version,
    NULL AS trace_id,
    -- The input of one that has not begun is no part of its journal yet.
    iif(
        status IN ('scheduled', 'inboxed'), NULL, (SELECT count(*) FROM main.journal AS j WHERE j.invocation = i.seq)
    ) AS journal_size,
    iif(
        status IN ('scheduled', 'inboxed'),
        NULL,
        (SELECT count(*) FROM main.journal AS j WHERE j.invocation = i.seq AND j.code < 0x8000)
    ) AS journal_commands_size,
    created_at,
    server_version() AS created_using_restate_version,
    modified_at,
    inboxed_at,
    scheduled_at,
    scheduled_start_at,
    running_at,
    completed_at,
    completion_retention_ms AS completion_retention,
    journal_retention_ms AS journal_retention,
    iif(status = 'suspended', waiting_completions, NULL) AS suspended_waiting_for_completions,
    iif(status = 'suspended', waiting_signals, NULL) AS suspended_waiting_for_signals,
    iif(status = 'suspended', future_json, NULL) AS suspended_waiting_future_json,
    retry_count,
    last_start_at,
    next_retry_at,
    last_attempt_deployment_id,
    (SELECT sdk_version FROM temp.registered_deployment AS r WHERE r.id = last_attempt_deployment_id)
        AS last_attempt_server,
    last_failure,
    last_failure_code AS last_failure_error_code,
    NULL AS last_failure_related_entry_index,
    NULL AS last_failure_related_entry_name,
    NULL AS last_failure_related_entry_type,
    last_failure_command_index AS last_failure_related_command_index,
    last_failure_command_name AS last_failure_related_command_name,
    last_failure_command_type AS last_failure_related_command_type,
    (SELECT future_json FROM temp.awaited AS a WHERE a.id = i.id) AS last_awaiting_on_future_json,
    status,
    iif(status = 'completed', iif(failure_code IS NULL, 'success', 'failure'), NULL) AS completion_result,
    '[' || failure_code || '] ' || failure_message AS completion_failure
FROM main.invocation AS i;

CREATE TEMP VIEW sys_invocation_status AS
SELECT
    partition_key,
    id,
    vqueue_id,
    target,
    target_service_name,
    target_service_key,
    target_handler_name,
    target_service_ty,
    scope,
    limit_key,
    idempotency_key,
    invoked_by,
    invoked_by_service_name,
    invoked_by_id,
    invoked_by_subscription_id,
    invoked_by_target,
    restarted_from,
    pinned_deployment_id,
    pinned_service_protocol_version,
    trace_id,
    journal_size,
    journal_commands_size,
    created_at,
    created_using_restate_version,
    modified_at,
    inboxed_at,
    scheduled_at,
    scheduled_start_at,
    running_at,
    completed_at,
    completion_retention,
    journal_retention,
    suspended_waiting_for_completions,
    suspended_waiting_for_signals,
    suspended_waiting_future_json,
    status,
    completion_result,
    completion_failure
FROM temp.invocation_columns;

CREATE TEMP VIEW sys_invocation_state AS
SELECT
    partition_key,
    id,
    next_retry_at IS NULL AS in_flight,
    retry_count,
    last_start_at,
    last_attempt_deployment_id,
    last_attempt_server,
    next_retry_at,
    last_failure,
    last_failure_error_code,
    last_failure_related_entry_index,
    last_failure_related_entry_name,
    last_failure_related_entry_type,
    last_failure_related_command_index,
    last_failure_related_command_name,
    last_failure_related_command_type,
    last_awaiting_on_future_json
FROM temp.invocation_columns
WHERE retry_count > 0;

CREATE TEMP VIEW sys_invocation AS
SELECT
    id,
    vqueue_id,
    target,
    target_service_name,
    target_service_key,
    target_handler_name,
    target_service_ty,
    scope,
    limit_key,
    idempotency_key,
    invoked_by,
    invoked_by_service_name,
    invoked_by_id,
    invoked_by_subscription_id,
    invoked_by_target,
    restarted_from,
    pinned_deployment_id,
    pinned_service_protocol_version,
    trace_id,
    journal_size,
    journal_commands_size,
    created_at,
    created_using_restate_version,
    modified_at,
    inboxed_at,
    scheduled_at,
    scheduled_start_at,
    running_at,
    completed_at,
    completion_retention,
    journal_retention,
    suspended_waiting_for_completions,
    suspended_waiting_for_signals,
    suspended_waiting_future_json,
    iif(retry_count > 0, retry_count, NULL) AS retry_count,
    iif(retry_count > 0, last_start_at, NULL) AS last_start_at,
    iif(retry_count > 0, next_retry_at, NULL) AS next_retry_at,
    iif(retry_count > 0, last_attempt_deployment_id, NULL) AS last_attempt_deployment_id,
    iif(retry_count > 0, last_attempt_server, NULL) AS last_attempt_server,
    iif(retry_count > 0, last_failure, NULL) AS last_failure,
    iif(retry_count > 0, last_failure_error_code, NULL) AS last_failure_error_code,
    last_failure_related_entry_index,
    last_failure_related_entry_name,
    last_failure_related_entry_type,
    iif(retry_count > 0, last_failure_related_command_index, NULL) AS last_failure_related_command_index,
    iif(retry_count > 0, last_failure_related_command_name, NULL) AS last_failure_related_command_name,
    iif(retry_count > 0, last_failure_related_command_type, NULL) AS last_failure_related_command_type,
    last_awaiting_on_future_json,
    CASE status
        WHEN 'inboxed' THEN 'pending'
        WHEN 'invoked' THEN iif(next_retry_at IS NULL, 'running', 'backing-off')
        ELSE status
    END AS status,
    completion_result,
    completion_failure
FROM temp.invocation_columns;

-- The entries of journals, each with its payload, wherever that is; no table of the server.
CREATE TEMP VIEW journal_entries AS
SELECT
    invocation,
    idx,
    code,
    iif(payload_id IS NULL, payload, (SELECT p.bytes FROM main.payload AS p WHERE p.id = j.payload_id)) AS payload,
    iif(
        payload_id IS NULL, length(payload), (SELECT length(p.bytes) FROM main.payload AS p WHERE p.id = j.payload_id)
    ) AS payload_length,
    appended_at
FROM main.journal AS j;

CREATE TEMP VIEW sys_journal AS
SELECT
    partition_key(CAST(i.id AS BLOB)) AS partition_key,
    i.id AS id,
    j.idx AS "index",
    entry_type(j.code, j.payload) AS entry_type,
    entry_name(j.code, j.payload) AS name,
    NULL AS completed,
    NULL AS invoked_id,
    NULL AS invoked_target,
    NULL AS sleep_wakeup_at,
    NULL AS promise_name,
    j.payload AS raw,
    j.payload_length AS raw_length,
    2 AS version,
    entry_json(j.code, j.payload, j.callee) AS entry_json,
    entry_lite_json(j.code, j.payload, j.callee) AS entry_lite_json,
    j.appended_at AS appended_at
FROM (
    SELECT
        *,
        -- Of calls, what they called: a notification tells the id, right behind the command.
        CASE WHEN code IN (0x040D, 0x040E) THEN (
            SELECT json_array(called.id, c.kind, c.completion_retention_ms, c.journal_retention_ms)
            FROM (
                SELECT called_id(n.code, n.payload, call_number(e.code, e.payload)) AS id
                FROM main.journal AS n
                WHERE n.invocation = e.invocation AND n.idx > e.idx AND n.code = 0x800E
                ORDER BY n.idx
            ) AS called
            LEFT JOIN main.invocation AS c ON c.id = called.id
            WHERE called.id IS NOT NULL
            LIMIT 1
        ) END AS callee
    FROM temp.journal_entries AS e
) AS j
JOIN main.invocation AS i ON i.seq = j.invocation;

CREATE TEMP VIEW sys_journal_events AS
SELECT
    partition_key(CAST(i.id AS BLOB)) AS partition_key,
    i.id AS id,
    e.after_idx AS after_journal_entry_index,
    e.appended_at AS appended_at,
    e.kind AS event_type,
    e.event_json AS event_json
FROM main.journal_event AS e
JOIN main.invocation AS i ON i.seq = e.invocation;

-- The first one of a key has the key, and does not wait.
CREATE TEMP VIEW sys_inbox AS
SELECT
    partition_key(CAST(i.id AS BLOB)) AS partition_key,
    b.service AS service_name,
    b.key AS service_key,
    i.id AS id,
    b.seq AS sequence_number,
    b.created_at AS created_at
FROM main.inbox AS b
JOIN main.invocation AS i ON i.seq = b.invocation
WHERE b.seq > (SELECT min(f.seq) FROM main.inbox AS f WHERE f.service = b.service AND f.key = b.key);

CREATE TEMP VIEW sys_keyed_service_status AS
SELECT
    partition_key(CAST(i.id AS BLOB)) AS partition_key,
    b.service AS service_name,
    b.key AS service_key,
    i.id AS invocation_id
FROM main.inbox AS b
JOIN main.invocation AS i ON i.seq = b.invocation
WHERE
    i.kind <> 'workflow'
    AND b.seq = (SELECT min(f.seq) FROM main.inbox AS f WHERE f.service = b.service AND f.key = b.key);

CREATE TEMP VIEW sys_promise AS
SELECT
    partition_key_of(CAST(service AS BLOB), CAST(key AS BLOB)) AS partition_key,
    NULL AS scope,
    service AS service_name,
    key AS service_key,
    name AS key,
    value IS NOT NULL OR failure_code IS NOT NULL AS completed,
    value AS completion_success_value,
    text_or_null(value) AS completion_success_value_utf8,
    failure_text(failure_code, CAST(failure_message AS BLOB)) AS completion_failure
FROM main.promise;

CREATE TEMP VIEW state AS
SELECT
    partition_key_of(CAST(service AS BLOB), CAST(key AS BLOB)) AS partition_key,
    NULL AS scope,
    service AS service_name,
    key AS service_key,
    name AS key,
    length(CAST(name AS BLOB)) AS key_length,
    text_or_null(value) AS value_utf8,
    value AS value,
    length(value) AS value_length
FROM main.state;

CREATE TEMP VIEW sys_service AS
SELECT name, revision, public, ty, deployment_id FROM temp.registered_service;

CREATE TEMP VIEW sys_deployment AS
SELECT
    id,
    'http' AS ty,
    endpoint,
    created_at AS created_at,
    min_protocol_version AS min_service_protocol_version,
    max_protocol_version AS max_service_protocol_version,
    services
FROM temp.registered_deployment;
