-- Large payloads. The journal's rows are within the tree of its keys, where a search reads every row that it compares
-- with to the end; here it reads numbers.
CREATE TABLE payload (
    id INTEGER PRIMARY KEY,
    -- With which it is deleted.
    invocation INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX payload_of_invocation ON payload (invocation);

-- Of an entry whose payload is there; `payload` is empty then.
ALTER TABLE journal ADD COLUMN payload_id INTEGER;
-- Of a result that is the end of such a payload, which begins at the offset; `result_value` is NULL then.
ALTER TABLE invocation ADD COLUMN result_payload_id INTEGER;
ALTER TABLE invocation ADD COLUMN result_offset INTEGER;
