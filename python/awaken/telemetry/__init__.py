"""OpenTelemetry, for who installs the extra `otel`: spans of attempts and of the runs they execute.

    from awaken.telemetry import instrument

    app = instrument(awaken.app([greeter]))

| span | what it covers |
| --- | --- |
| `attempt SERVICE/HANDLER` | one attempt, from the handler's start to its end or suspension |
| `run NAME` | one execution of a run's closure, never a replayed result |

An attempt belongs to the `traceparent` of its HTTP request, which a runtime that traces sends, else to that of the
invocation's own headers. Calls and sends that a handler makes carry `traceparent` on; the journal keeps it, and replays
do not compare it.
"""

from awaken.telemetry.instrument import instrument

__all__ = ["instrument"]
