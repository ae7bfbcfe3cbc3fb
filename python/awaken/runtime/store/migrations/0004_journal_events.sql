-- What happened to invocations between the entries of their journals: failed attempts, and pauses.
CREATE TABLE journal_event (
    invocation INTEGER NOT NULL,
    -- From 1 on; the first ones of many are deleted.
    number INTEGER NOT NULL,
    -- The last entry of the journal then.
    after_idx INTEGER,
    appended_at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('TransientError', 'Paused')),
    -- As operators see it.
    event_json TEXT NOT NULL,
    PRIMARY KEY (invocation, number)
) WITHOUT ROWID;

-- So far only the last failure was known.
INSERT INTO journal_event (invocation, number, after_idx, appended_at, kind, event_json)
SELECT
    seq,
    1,
    (SELECT max(idx) FROM journal AS j WHERE j.invocation = i.seq),
    modified_at,
    iif(status = 'paused', 'Paused', 'TransientError'),
    iif(
        status = 'paused',
        json_object('ty', 'Paused', 'last_failure', json(failure)),
        json_patch('{"ty":"TransientError"}', failure)
    )
FROM (
    SELECT
        *,
        json_object(
            'error_code', CAST(substr(last_failure, 2, 3) AS INTEGER),
            'error_message', substr(last_failure, 1, 8192),
            'restate_doc_error_code', last_failure_code
        ) AS failure
    FROM invocation
) AS i
WHERE last_failure IS NOT NULL AND status IN ('invoked', 'paused');
