"""The port of numbers: what it shows, to whom, and what its probes say."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.hosting.metrics_server import MetricsServer
from awaken.hosting.readiness import Readiness
from awaken.hosting.server_numbers import measure_server
from awaken.metrics.instruments import CONNECTIONS, QUEUE_LENGTH, REQUESTS
from awaken.metrics.metrics import Metrics
from awaken.transports.server.server import start_server
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.transports.receivers import Greeter, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def serving(
    metrics: Metrics, readiness: Readiness | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    readiness = readiness or Readiness()
    server = MetricsServer.of_process(metrics, readiness.unready, (host, 0))
    await server.start()
    port = httpx.URL(server.url).port
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        await server.stop()


async def test_scrape_refreshes_and_shows_numbers_and_those_of_the_process() -> None:
    metrics = Metrics()
    lengths: list[int] = []

    async def count() -> None:
        lengths.append(7)

    metrics.refresh_with(count)
    metrics.gauge(QUEUE_LENGTH, lambda: [(("inbox",), lengths[-1])])

    async with serving(metrics) as client:
        answer = await client.get("/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain; version=")
    (sample,) = families["awaken_queue_length"].samples
    assert (sample.labels, sample.value) == ({"queue": "inbox"}, 7)
    assert families["process_resident_memory_bytes"].samples[0].value > 1e6


async def test_openmetrics_is_sent_to_those_who_ask_for_it() -> None:
    async with serving(Metrics()) as client:
        answer = await client.get(
            "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
        )

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_ready_follows_the_life_of_the_process_and_health_does_not() -> None:
    readiness = Readiness()
    seen = []

    async with serving(Metrics(), readiness) as client:

        async def look() -> None:
            ready, health = await client.get("/ready"), await client.get("/health")
            seen.append((ready.status_code, ready.json()["status"], health.status_code))

        await look()
        readiness.open()
        await look()
        readiness.drain()
        await look()

    assert seen == [
        (503, "starting", 200),
        (200, "ready", 200),
        (503, "draining", 200),
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/", 404, "this port has /metrics, /health and /ready"),
        ("POST", "/metrics", 405, "use GET"),
        ("DELETE", "/ready", 405, "use GET"),
    ],
)
async def test_other_requests_are_refused(method: str, path: str, status: int, text: str) -> None:
    async with serving(Metrics()) as client:
        answer = await client.request(method, path)

    assert (answer.status_code, text in answer.text) == (status, True)


async def test_head_has_no_body() -> None:
    async with serving(Metrics()) as client:
        answer = await client.head("/health")

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "15")


@pytest.mark.parametrize(
    "headers",
    [{"host": "rebound.example"}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}],
)
async def test_pages_of_browsers_read_nothing_on_loopback(headers: dict[str, str]) -> None:
    async with serving(Metrics()) as client:
        answer = await client.get("/metrics", headers=headers)

    assert answer.status_code == 403


async def test_wide_address_is_scraped_by_any_name_but_not_by_pages() -> None:
    async with serving(Metrics(), host="0.0.0.0") as client:
        by_name = await client.get("/metrics", headers={"host": "orders.shop.svc:9000"})
        by_page = await client.get("/metrics", headers={"origin": "https://evil.example"})

    assert (by_name.status_code, by_page.status_code) == (200, 403)


async def test_connections_and_requests_are_counted_by_http_version() -> None:
    metrics = Metrics()
    server = await start_server(Greeter)
    remove = measure_server(metrics, server, "endpoint")
    base = f"http://127.0.0.1:{server.address[1]}"

    async with httpx.AsyncClient(base_url=base) as client:
        await client.get("/")
        await wait_until(lambda: server.exchange_count == 0)
        kept = metrics.read_gauge(CONNECTIONS)
        requests = metrics.read_gauge(REQUESTS)
    await server.close()

    assert kept == {("endpoint", "1.1"): (1,), ("endpoint", "2"): (0,), ("endpoint", "unknown"): (0,)}
    assert sum(count for (count,) in requests.values()) == 0
    remove()
    assert metrics.read_gauge(CONNECTIONS) == {}
