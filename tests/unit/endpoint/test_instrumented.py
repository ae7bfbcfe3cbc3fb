"""Numbers of endpoints that another server runs: `awaken.metrics.instrument`."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from typing import Any

import awaken
import httpx
import pytest
from awaken.metrics import instrument
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader, Sum
from prometheus_client import make_asgi_app
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from tests import frames
from tests.unit.endpoint.fakes import FakeExchange

V6 = "application/vnd.restate.invocation.v6"


def greeter(name: str = "Greeter") -> awaken.Service:
    service = awaken.Service(name)

    @service.handler()
    async def greet(ctx: awaken.Context) -> str:
        return "hello"

    return service


async def call(endpoint: awaken.Endpoint, name: str = "Greeter") -> None:
    exchange = FakeExchange(f"/invoke/{name}/greet", {"content-type": V6})
    receiver = endpoint.accept(exchange)
    receiver.receive_data(frames.request())
    receiver.receive_end()
    async with asyncio.timeout(25):
        while not exchange.is_ended:
            await asyncio.sleep(0)


async def scrape(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """Scrape as a mounted application does, and return attempts by service and outcome."""
    transport = httpx.ASGITransport(make_asgi_app(registry))
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        text = (await client.get("/metrics")).text
    return {
        (sample.labels["service"], sample.labels["outcome"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "awaken_attempts_total" and sample.value
    }


async def test_registry_has_the_numbers_of_every_endpoint_that_names_it() -> None:
    registry = CollectorRegistry()
    one = instrument(awaken.app([greeter()]), registry=registry)
    two = instrument(awaken.app([greeter("Other")]), registry=registry)

    await call(one)
    await call(one)
    await call(two, "Other")

    assert await scrape(registry) == {("Greeter", "succeeded"): 2, ("Other", "succeeded"): 1}


async def test_meter_provider_gets_them() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    endpoint = instrument(awaken.app([greeter()]), meter_provider=provider)

    await call(endpoint)

    data: Any = reader.get_metrics_data()
    read = {metric.name: metric.data for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    attempts, durations = read["awaken.attempts"], read["awaken.attempt.duration"]
    assert isinstance(attempts, Sum)
    assert isinstance(durations, Histogram)
    labels = {"service": "Greeter", "handler": "greet"}
    assert {
        point.attributes["outcome"]: point.value for point in attempts.data_points if point.attributes
    } == {
        "succeeded": 1,
        **dict.fromkeys(("failed", "suspended", "retried", "mismatch", "disconnected"), 0),
    }
    assert [(dict(point.attributes or {}), point.count) for point in durations.data_points] == [(labels, 1)]
    provider.shutdown()


def test_second_place_is_refused() -> None:
    endpoint = instrument(awaken.app([greeter()]), registry=CollectorRegistry())

    with pytest.raises(ValueError, match="this endpoint is instrumented already; call instrument once"):
        instrument(endpoint, registry=CollectorRegistry())


def test_place_that_is_refused_shows_nothing_and_is_forgotten() -> None:
    endpoint = instrument(awaken.app([greeter()]), registry=CollectorRegistry())
    refused = CollectorRegistry()

    with pytest.raises(ValueError, match="instrumented already"):
        instrument(endpoint, registry=refused)

    assert list(refused.collect()) == []


def test_registry_and_provider_that_are_gone_are_not_kept() -> None:
    registry, provider = CollectorRegistry(), MeterProvider([InMemoryMetricReader()])
    endpoint = instrument(awaken.app([greeter()]), registry=registry, meter_provider=provider)
    provider.shutdown()
    seen: list[weakref.ref[Any]] = [weakref.ref(registry), weakref.ref(provider)]

    del registry, provider, endpoint
    gc.collect()

    assert [one() for one in seen] == [None, None]


def test_other_things_are_refused() -> None:
    service: Any = greeter()

    with pytest.raises(TypeError, match=r"cannot instrument Service; instrument an awaken\.Endpoint"):
        instrument(service)


def test_default_is_the_registry_of_the_process() -> None:
    code = (
        "import awaken, prometheus_client\n"
        "from awaken.metrics import instrument\n"
        "s = awaken.Service('S')\n"
        "@s.handler()\n"
        "async def h(ctx: awaken.Context) -> None: ...\n"
        "instrument(awaken.app([s]))\n"
        "print(prometheus_client.REGISTRY.get_sample_value('awaken_attempts_total',"
        " {'service': 'S', 'handler': 'h', 'outcome': 'failed'}))\n"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed == "0.0\n"
