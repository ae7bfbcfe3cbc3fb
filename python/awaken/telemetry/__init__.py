"""OpenTelemetry spans of attempts and of the runs they execute. They need the extra `otel`.

    from awaken.telemetry import instrument

    app = instrument(awaken.app([greeter]))

| span | what it covers |
| --- | --- |
| `attempt SERVICE/HANDLER` | one attempt, from the handler's start to its end or suspension |
| `run NAME` | one execution of a run's closure, never a replayed result |

The parent of an attempt is the `traceparent` of its HTTP request, which a runtime that traces sends, otherwise that of
the invocation's own headers. Calls and sends of a handler pass `traceparent` on; the journal contains it, but replays
do not compare it.
"""

from awaken.telemetry.instrument import instrument

__all__ = ["instrument"]
