-- An awakeable keeps the time when its handler first asked for it, also while the handler waits for something else; it
-- leaves the table with its result, or with its invocation.
ALTER TABLE awakeable ADD COLUMN is_awaited INTEGER NOT NULL DEFAULT 1;

DROP INDEX awakeable_by_age;
CREATE INDEX awakeable_by_age ON awakeable (since, invocation, signal) WHERE is_awaited = 1;
