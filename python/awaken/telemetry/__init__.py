"""OpenTelemetry spans of attempts and of the runs they execute. Needs the extra `otel`.

    from awaken.telemetry import instrument

    app = instrument(awaken.app([greeter]))

| span | covers |
| --- | --- |
| `attempt SERVICE/HANDLER` | one attempt, from the handler's start to its end or suspension |
| `run NAME` | one execution of a run's closure, never a replayed result |

The parent of an attempt is the `traceparent` header of its HTTP request, if the runtime traces, or else that of the
invocation. A handler's calls and sends pass `traceparent` on; the journal contains it, but replays do not compare it.
"""

from awaken.telemetry.instrument import instrument

__all__ = ["instrument"]
