"""The service of `metered`, in a process whose global provider of meters writes to the file that METERS names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader

from tests.e2e.services.metered import app as app

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricsData


def _line(data: MetricsData) -> str:
    return json.dumps(json.loads(data.to_json())) + "\n"


file = Path(os.environ["METERS"]).open("a", buffering=1)  # noqa: SIM115 -- as long as the process
reader = PeriodicExportingMetricReader(
    ConsoleMetricExporter(out=file, formatter=_line), export_interval_millis=200
)
metrics.set_meter_provider(MeterProvider([reader]))
