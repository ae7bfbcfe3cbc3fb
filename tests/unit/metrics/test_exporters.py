"""What Prometheus and OpenTelemetry see of the same numbers."""

from __future__ import annotations

import pytest
from awaken.metrics import opentelemetry
from awaken.metrics.instruments import ATTEMPT_DURATION, ATTEMPTS, DRAINING, OPEN_ATTEMPTS
from awaken.metrics.metrics import Metrics
from awaken.metrics.prometheus import SnapshotCollector, render
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader, Sum
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

LABELS = {"service": "Greeter", "handler": 'say "hi"\n'}


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics()
    service, handler = LABELS.values()
    metrics.counter(ATTEMPTS).of(service, handler, "succeeded").add(3)
    for seconds in (0.5, 7.0):
        metrics.histogram(ATTEMPT_DURATION).of(service, handler).record(seconds)
    metrics.gauge(OPEN_ATTEMPTS, lambda: [((service, handler), 2)])
    metrics.gauge(DRAINING, lambda: [((), 1)])
    return metrics


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
def test_prometheus_parses_what_is_rendered(metrics: Metrics, accept: str) -> None:
    body, content_type = render([SnapshotCollector(metrics.snapshot)], accept)

    parse = parse_openmetrics if "openmetrics" in content_type else parse_text
    families = {family.name: family for family in parse(body.decode())}
    assert accept.partition(";")[0] in content_type
    samples = {
        (sample.name, sample.labels.get("le")): sample for f in families.values() for sample in f.samples
    }
    assert samples["awaken_attempts_total", None].value == 3
    assert samples["awaken_attempts_total", None].labels == LABELS | {"outcome": "succeeded"}
    assert samples["awaken_attempt_duration_seconds_bucket", "0.25"].value == 0
    assert samples["awaken_attempt_duration_seconds_bucket", "0.5"].value == 1
    assert samples["awaken_attempt_duration_seconds_bucket", "+Inf"].value == 2
    assert samples["awaken_attempt_duration_seconds_count", None].value == 2
    assert samples["awaken_attempt_duration_seconds_sum", None].value == 7.5
    assert samples["awaken_open_attempts", None].value == 2
    assert samples["awaken_draining", None].value == 1
    assert families["awaken_attempts"].documentation == "Attempts that ended."


@pytest.mark.parametrize("version", ["1.x", "one", "1..0", "-"])
@pytest.mark.parametrize("format_", ["application/openmetrics-text", "text/plain"])
def test_malformed_version_is_answered(metrics: Metrics, format_: str, version: str) -> None:
    body, content_type = render([SnapshotCollector(metrics.snapshot)], f"{format_};version={version}")

    # Versions of prometheus-client differ: new ones refuse it, older ones take any version of OpenMetrics for 1.0.0.
    openmetrics = content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics or content_type.startswith("text/plain; version=0.0.4")
    families = (parse_openmetrics if openmetrics else parse_text)(body.decode())
    assert [family.samples[0].value for family in families if family.name == "awaken_draining"] == [1]


def test_otel_reader_sees_the_same(metrics: Metrics) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    for _ in range(2):  # an application, and the command that serves it
        opentelemetry.export(metrics, "1.0", provider)
    service, handler = LABELS.values()
    metrics.histogram(ATTEMPT_DURATION).of(service, handler).record(0.5)

    data = reader.get_metrics_data()

    assert data is not None
    (scope,) = data.resource_metrics[0].scope_metrics
    read = {metric.name: metric for metric in scope.metrics}
    assert scope.scope.name == "awaken"
    attempts = read["awaken.attempts"].data
    assert isinstance(attempts, Sum)
    assert attempts.is_monotonic
    assert [(dict(point.attributes or {}), point.value) for point in attempts.data_points] == [
        (LABELS | {"outcome": "succeeded"}, 3.0)
    ]
    assert read["awaken.attempts"].unit == "{attempt}"
    durations = read["awaken.attempt.duration"].data
    assert isinstance(durations, Histogram)
    (point,) = durations.data_points
    assert (point.count, point.sum) == (1, 0.5), "what was recorded since the export began"
    assert tuple(point.explicit_bounds) == ATTEMPT_DURATION.buckets
    assert read["awaken.attempt.duration"].unit == "s"
    open_attempts = read["awaken.open_attempts"].data
    assert isinstance(open_attempts, Sum)
    assert not open_attempts.is_monotonic
    assert open_attempts.data_points[0].value == 2
    provider.shutdown()
