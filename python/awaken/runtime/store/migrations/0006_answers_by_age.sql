-- The history of what was answered begins with the newest. Only results of awakeables are in it.
CREATE INDEX journal_answers_by_age ON journal (appended_at, invocation, idx) WHERE signal >= 17;
