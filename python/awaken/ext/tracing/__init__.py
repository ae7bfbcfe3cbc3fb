"""OpenTelemetry spans of libraries in handlers, without those of replays.

Frameworks open spans while a handler executes, and again in each of its replays. Give them this provider, around yours:

    provider = RestateTracerProvider(TracerProvider())
    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))

Needs the extra `tracing`.
"""

from __future__ import annotations

from awaken.ext.extras import extra

with extra("tracing", "opentelemetry"):
    from awaken.ext.tracing.provider import RestateTracerProvider
    from awaken.ext.tracing.tracer import RestateTracer

__all__ = ["RestateTracer", "RestateTracerProvider"]
