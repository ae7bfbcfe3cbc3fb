-- What the server's web UI 1.7.12 sends. The placeholders are those of `command_line.sql`.

WITH active_deployments AS (
    SELECT DISTINCT deployment_id AS id FROM sys_service WHERE deployment_id IS NOT NULL
    UNION
    SELECT DISTINCT pinned_deployment_id AS id FROM sys_invocation_status
    WHERE pinned_deployment_id IS NOT NULL AND status != 'completed'
)
SELECT d.id AS id FROM sys_deployment d EXCEPT SELECT id FROM active_deployments

SELECT id FROM sys_invocation WHERE target_service_key = 'b' AND target_service_name = 'Till'
    AND status NOT IN ('completed', 'pending', 'scheduled') AND target_handler_name IN ('add', 'hold')

SELECT COUNT(*) AS size FROM sys_inbox WHERE service_key = 'b' AND service_name = 'Till'

SELECT COUNT(1) as total_count FROM (SELECT id, target, status FROM sys_invocation LIMIT 200000)
WHERE status = 'completed'

SELECT id from sys_invocation WHERE target_service_name IN ('Deal') LIMIT 100

SELECT id, created_at FROM sys_invocation WHERE target_service_name = 'Deal' AND created_at > '2026-01-01T00:00:00.000Z'
ORDER BY created_at ASC LIMIT 1000

SELECT id, index, appended_at, entry_type, name, entry_lite_json, version, completed, sleep_wakeup_at, invoked_id,
    invoked_target, promise_name
FROM sys_journal WHERE id = '{Deal/w/run}' ORDER BY index

SELECT entry_type, raw FROM sys_journal WHERE id = '{Deal/w/run}' AND index = 1

SELECT after_journal_entry_index, appended_at, event_type, event_json from sys_journal_events
WHERE id = '{Shaky/pauses}' ORDER BY appended_at

SELECT id, appended_at, event_type, event_json FROM sys_journal_events
WHERE id = '{Shaky/dies}' AND event_type = 'TransientError' ORDER BY appended_at DESC LIMIT 1

SELECT COUNT(*) AS n, inv.target_service_name AS service_name, e.event_json ->> 'error_message' AS msg
FROM sys_journal_events e
LEFT JOIN sys_invocation inv ON inv.id = e.id
WHERE e.event_type = 'TransientError' AND e.appended_at > now() - INTERVAL '1 hour'
GROUP BY service_name, msg ORDER BY n DESC, msg LIMIT 50;

SELECT id, status, completion_result, completion_failure, pinned_deployment_id, last_attempt_deployment_id,
    target_service_name, target_service_key, target_handler_name
FROM sys_invocation WHERE id IN ('{Deal/w/run}', '{Tally/refuse}')

SELECT id FROM sys_invocation_state WHERE in_flight IS NOT TRUE LIMIT 1000

SELECT id FROM sys_invocation_state WHERE in_flight IS TRUE LIMIT 1000

SELECT ss.id AS id
FROM (
    SELECT id, status, created_at FROM sys_invocation_status LIMIT 1000000
) ss
LEFT JOIN (
    SELECT id AS state_id, in_flight, retry_count FROM sys_invocation_state
) sis ON sis.state_id = ss.id
WHERE ss.status = 'invoked' AND (sis.in_flight IS NOT TRUE) AND sis.retry_count > 0
ORDER BY ss.created_at DESC NULLS LAST
LIMIT 1000

SELECT sampled_invocations.target_service_name AS service_name,
    CASE
        WHEN sampled_invocations.status = 'invoked' AND sis.in_flight THEN 'running'
        WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS NOT TRUE AND sis.retry_count > 0
            THEN 'backing-off'
        WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS NOT TRUE
            AND COALESCE(sis.retry_count, 0) = 0 THEN 'ready'
        ELSE sampled_invocations.status
    END AS bucket,
    COUNT(1) AS count
FROM (SELECT id, status, target_service_name FROM sys_invocation_status LIMIT 1000000) sampled_invocations
LEFT JOIN sys_invocation_state sis ON sis.id = sampled_invocations.id
GROUP BY sampled_invocations.target_service_name,
    CASE
        WHEN sampled_invocations.status = 'invoked' AND sis.in_flight THEN 'running'
        WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS NOT TRUE AND sis.retry_count > 0
            THEN 'backing-off'
        WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS NOT TRUE
            AND COALESCE(sis.retry_count, 0) = 0 THEN 'ready'
        ELSE sampled_invocations.status
    END

SELECT CASE WHEN completion_result = 'success' THEN 'succeeded' ELSE 'failed' END AS status, COUNT(1) AS count
FROM (SELECT completion_result FROM sys_invocation_status WHERE status = 'completed' LIMIT 1000000)
GROUP BY CASE WHEN completion_result = 'success' THEN 'succeeded' ELSE 'failed' END

SELECT SUM(CASE WHEN status = 'inboxed' THEN 1 ELSE 0 END) AS inboxed,
    SUM(CASE WHEN status = 'scheduled' THEN 1 ELSE 0 END) AS scheduled,
    SUM(CASE WHEN status = 'invoked' THEN 1 ELSE 0 END) AS invoked
FROM sys_invocation_status WHERE status IN ('inboxed', 'scheduled', 'invoked')

SELECT COUNT(1) AS running FROM sys_invocation_state WHERE in_flight

SELECT SUM(CASE WHEN in_flight THEN 1 ELSE 0 END) AS running,
    SUM(CASE WHEN in_flight IS NOT TRUE AND retry_count > 0 THEN 1 ELSE 0 END) AS backing_off
FROM sys_invocation_state

SELECT to_unixtime(date_bin(INTERVAL '86400000 seconds', completed_at, TIMESTAMP '1970-01-01T00:00:00')) AS bucket,
    COUNT(1) FILTER (WHERE completion_result = 'success') AS succeeded,
    COUNT(1) FILTER (WHERE completion_result = 'failure') AS failed
FROM sys_invocation_status
WHERE status = 'completed' AND completed_at >= TIMESTAMP '2026-01-01T00:00:00.000Z'
    AND completed_at < '2100-01-01T00:00:00.000Z'
GROUP BY bucket

SELECT invocation_id FROM sys_keyed_service_status
WHERE service_name = 'Till' AND service_key = 'b' AND invocation_id IS NOT NULL LIMIT 1

SELECT acquired_by, acquired_at FROM sys_locks WHERE lock_name = 'Till/b' AND scope IS NULL
    AND acquired_by IS NOT NULL LIMIT 1

SELECT (num_inbox + num_running + num_suspended + num_paused) AS size FROM sys_vqueue_meta
WHERE service_name = 'Till' AND lock_name = 'Till/b' AND is_active = true AND scope IS NULL

SELECT service_key AS object_key, COUNT(*) AS backlog FROM sys_inbox WHERE service_name = 'Till'
GROUP BY service_key ORDER BY backlog DESC, object_key ASC LIMIT 51

SELECT DISTINCT target_service_key FROM sys_invocation_status
WHERE target_service_name = 'Till' AND target_service_ty = 'virtual_object' AND status <> 'completed' LIMIT 51

SELECT si.id FROM sys_invocation_status si
WHERE si.target_service_ty = 'workflow' AND si.target_service_name = 'Deal' AND si.target_service_key = 'w'
    AND si.target_handler_name <> 'run'
ORDER BY si.created_at DESC NULLS LAST LIMIT 51

SELECT MAX(si.created_at) AS last_interaction_at FROM sys_invocation_status si
WHERE si.target_service_name = 'Deal' AND si.target_service_ty = 'workflow' AND si.target_service_key = 'w'

SELECT COUNT(*) AS pending_promise_count FROM sys_promise
WHERE service_name = 'Deal' AND service_key = 'v' AND completed = false

SELECT key, value FROM state WHERE service_name = 'Till' AND service_key = 'a'

SELECT DISTINCT key FROM state WHERE service_name = 'Till' AND service_key IN ('a', 'c') GROUP BY key

SELECT service_key, key, value_length, value FROM state
WHERE service_name = 'Till' AND service_key IN ('a', 'c') AND value_length <= 2048 LIMIT 1500

SELECT key, value_length, CASE WHEN value_length <= 5 THEN value END AS value
FROM state WHERE service_name = 'Till' AND service_key = 'a' ORDER BY key LIMIT 1001

SELECT service_name, COALESCE(SUM(value_length), 0) AS size FROM state GROUP BY service_name ORDER BY service_name

SELECT DISTINCT service_name FROM state ORDER BY service_name

SELECT position FROM (
    SELECT entry_id, ROW_NUMBER() OVER (ORDER BY has_lock DESC, run_at ASC, sequence_number ASC, entry_id ASC)
        AS position
    FROM sys_vqueues WHERE stage = 'inbox'
) ranked WHERE entry_id = 'y'

SELECT rule_pattern, COUNT(*) AS num_counters, SUM(CASE WHEN num_waiters > 0 THEN 1 ELSE 0 END) AS waiting
FROM sys_user_limits WHERE rule_pattern IN ('a') GROUP BY rule_pattern

SELECT s.status, s.blocked_on, h.entry_id AS head_status_entry_id FROM sys_scheduler s
LEFT JOIN sys_vqueue_entry_status h ON h.vqueue_id = s.id AND h.entry_id = s.head_entry_id WHERE s.status = 'x'

SELECT COUNT(1) FROM sys_invocation_status;

SELECT pinned_deployment_id, COUNT(*) AS active_invocations FROM sys_invocation
WHERE status <> 'completed' AND pinned_deployment_id IS NOT NULL
GROUP BY pinned_deployment_id ORDER BY active_invocations DESC LIMIT 20;

SELECT id, target_service_name, target_handler_name, completed_at, completion_failure FROM sys_invocation_status
WHERE status = 'completed' AND completion_result = 'failure' AND completion_failure LIKE '%no tea%'
ORDER BY completed_at DESC LIMIT 100;

SELECT inv.target_service_name AS service_name, inv.target_handler_name AS handler_name,
    COUNT(*) AS large_entry_count, MAX(j.raw_length) > 3 AS large
FROM sys_journal j JOIN sys_invocation inv ON j.id = inv.id WHERE j.raw_length > 10
GROUP BY inv.target_service_name, inv.target_handler_name ORDER BY service_name, handler_name;
