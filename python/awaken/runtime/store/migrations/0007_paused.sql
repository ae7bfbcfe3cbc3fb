-- Paused invocations wait for an operator, who wants to know how many there are.
CREATE INDEX invocation_paused ON invocation (seq) WHERE status = 'paused';
