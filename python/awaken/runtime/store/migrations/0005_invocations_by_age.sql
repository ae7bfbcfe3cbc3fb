-- Lists of invocations begin with the newest. It grows at its end, and no change of a row touches it.
CREATE INDEX invocation_by_age ON invocation (created_at);
