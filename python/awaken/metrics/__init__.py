"""Numbers of a process that serves, for Prometheus and OpenTelemetry.

`instruments` is the table of what there is. Code records into a `Metrics`, or into nothing if nobody wants numbers.
`prometheus` and `opentelemetry` show what a `Metrics` has, and import their libraries only then.
"""
