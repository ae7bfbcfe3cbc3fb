"""The suite's callers and callees, traced into the file that SPANS names, one span per line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import awaken
from awaken.telemetry import instrument
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from tests.e2e.services.awakeables import awaiting
from tests.e2e.services.calls import calling, greeter, tally

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


def _line(span: ReadableSpan) -> str:
    return json.dumps(json.loads(span.to_json())) + "\n"


spans = Path(os.environ["SPANS"]).open("a", buffering=1)  # noqa: SIM115 -- as long as the process
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=spans, formatter=_line)))

app = instrument(awaken.app([awaiting, calling, greeter, tally]), tracer_provider=provider)
