-- What the official command line 1.7.12 sends. {Till/b/hold} stands for the id of an invocation of that target,
-- {deployment} for that of the deployment. Statements end with an empty line.

SELECT COUNT(1) AS inv_count
FROM sys_invocation_status
WHERE pinned_deployment_id = '{deployment}' AND status != 'completed'

SELECT service_name, service_key, key, value FROM state WHERE service_name = 'Till' AND service_key = 'a'

SELECT target_service_name, target_handler_name, 'pending' as status, COUNT(1) as num_invocations,
    MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
FROM sys_invocation_status
WHERE status == 'inboxed' AND target_service_name IN ('Till', 'Tally')
GROUP BY target_service_name, target_handler_name

SELECT target_service_name, target_handler_name, status, COUNT(1) as num_invocations,
    MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
FROM sys_invocation
WHERE target_service_name IN ('Till', 'Tally')
GROUP BY target_service_name, target_handler_name, status
ORDER BY target_handler_name

SELECT target_service_name as service_name, target_service_key as service_key, status as invocation_status,
    first_value(id) as invocation_holding_lock, first_value(target_handler_name) as invocation_method_holding_lock,
    first_value(created_at) as invocation_created_at, first_value(modified_at) as modified_at,
    first_value(pinned_deployment_id) as pinned_deployment_id,
    first_value(last_attempt_deployment_id) as last_attempt_deployment_id,
    first_value(last_failure) as last_failure_message, first_value(next_retry_at) as next_retry_at,
    first_value(last_start_at) as last_start_at, 0 as num_pending, sum(retry_count) as num_retries
FROM sys_invocation
WHERE status != 'pending' AND target_service_name IN ('Till') AND target_service_key = 'b'
GROUP BY target_service_name, target_service_key, status

SELECT inv.id, inv.target, inv.target_service_ty, inv.status, inv.created_at, inv.modified_at as state_modified_at,
    inv.pinned_deployment_id, inv.retry_count as num_retries, inv.last_failure as last_failure_message,
    inv.last_failure_related_entry_index as last_failure_entry_index,
    inv.last_failure_related_entry_name as last_failure_entry_name,
    inv.last_failure_related_entry_type as last_failure_entry_ty, inv.last_attempt_deployment_id,
    inv.last_attempt_server, inv.next_retry_at, inv.last_start_at, inv.invoked_by_id, inv.invoked_by_target,
    inv.trace_id, inv.completion_result, inv.completion_failure, dp.id IS NOT NULL as pinned_deployment_exists
FROM sys_invocation inv
LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
WHERE inv.id in ('{Till/b/hold}', '{Shaky/backs_off}', '{Shaky/pauses}')

SELECT id, target FROM sys_invocation_status WHERE id = '{Till/b/hold}'

SELECT id FROM sys_invocation inv WHERE inv.target_service_name = 'Deal' LIMIT 50

SELECT id FROM sys_invocation inv WHERE inv.id = 'inv_10000000000000000000000000000000' LIMIT 1

SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000) WHERE inv.target_service_name IN ('Till')

SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000)
WHERE inv.completion_result = 'failure' OR inv.target_service_key IN ('w')

SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000)
WHERE inv.target_service_name IN (select name from sys_service where ty = 'virtual_object')

SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000)
WHERE (inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from sys_deployment))

SELECT COUNT(*) FROM information_schema.columns
WHERE table_name = 'sys_journal' AND column_name IN ('version', 'entry_json', 'appended_at')

SELECT pattern, concurrency, description, disabled, version, last_modified FROM sys_rules ORDER BY pattern

SELECT id, is_active, queue_is_paused, service_name, scope, limit_key, lock_name, created_at, last_enqueued_at,
    last_start_at, last_attempt_at, last_finish_at, num_inbox, num_running, num_suspended, num_paused, num_finished
FROM sys_vqueue_meta LIMIT 100

SELECT entry_id, entry_kind, stage, status, has_lock, created_at, num_attempts, deployment
FROM sys_vqueues WHERE stage = 'inbox' LIMIT 10
