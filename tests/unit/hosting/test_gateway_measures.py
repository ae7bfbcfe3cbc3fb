"""The numbers of a gateway: requests to nodes, and what it asks about waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.control.errors import OperationError
from awaken.control.lanes import Kind
from awaken.control.remote import RemoteOperations
from awaken.control.runtime_http import connect_http
from awaken.hosting.gateway_measures import GatewayMeasures
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.metrics.instrument_kinds import Instrument


class Gateway:
    """A gateway in front of two nodes that answer as the test says."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[str] = []
        self.now = 0.0
        self.metrics = Metrics()

        def respond(request: httpx.Request) -> httpx.Response:
            self.asked.append(request.url.path)
            return answer(request)

        def make(url: str, _kind: Kind) -> httpx.AsyncClient:
            return httpx.AsyncClient(base_url=url, transport=httpx.MockTransport(respond))

        self.http = connect_http("http://one", ["http://one", "http://two"], "", make=make)
        self.runtime = RemoteOperations(self.http)
        self.measures = GatewayMeasures(self.metrics, self.runtime, lambda: self.now)

    def counted(self, instrument: Instrument) -> dict[tuple[str, ...], float]:
        return {labels: cells[0] for labels, cells in self.metrics.snapshot()[instrument].items()}

    async def close(self) -> None:
        await self.measures.close()
        await self.runtime.close()


def page(count: int) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/awakeables/count":
            return httpx.Response(200, json={"count": count})
        return httpx.Response(200, json={"awakeables": [], "next": None, "count": count})

    return answer


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "answered"), (404, "answered"), (401, "refused"), (500, "error")]
)
async def test_requests_count_by_node_and_outcome(status: int, outcome: str) -> None:
    gateway = Gateway(lambda _: httpx.Response(status, json={"message": "x"}))

    try:
        await gateway.http.operate(Kind.READ, "GET", "/services")
    except OperationError:
        assert outcome == "refused"

    assert gateway.counted(instruments.NODE_REQUESTS) == {("admin", "http://one", outcome): 1}
    assert gateway.metrics.histogram(instruments.NODE_DURATION).of("admin", "http://one").count == 1
    await gateway.close()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("refused"), "unreachable"),
        (httpx.ReadTimeout("slow"), "no_answer"),
        (httpx.ReadError("cut"), "broken"),
    ],
)
async def test_failures_count_by_node_and_the_next_one_is_asked(error: httpx.HTTPError, outcome: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "one":
            raise error
        return httpx.Response(200, json={})

    gateway = Gateway(answer)

    await gateway.http.operate(Kind.READ, "GET", "/services", may_repeat=True)

    assert gateway.counted(instruments.NODE_REQUESTS) == {
        ("admin", "http://one", outcome): 1,
        ("admin", "http://two", "answered"): 1,
    }
    await gateway.close()


async def test_waiting_requests_have_no_duration() -> None:
    gateway = Gateway(lambda _: httpx.Response(200, json={}))

    await gateway.http.enter(Kind.WAIT, "GET", "/restate/invocation/x/attach")

    assert gateway.counted(instruments.NODE_REQUESTS) == {("ingress", "http://one", "answered"): 1}
    assert gateway.counted(instruments.NODE_DURATION) == {}
    await gateway.close()


async def test_runtime_is_asked_about_waits_twice_a_minute_at_most() -> None:
    gateway = Gateway(page(3))
    counts: list[int] = []

    async def count(most: int = 0) -> int:
        counts.append(most)
        return 7

    operations: Any = gateway.runtime
    operations.count_awakeables = count
    for now in (0.0, 1.0, 29.0, 31.0, 40.0):
        gateway.now = now
        await gateway.measures.refresh()
        await asyncio.sleep(0.01)

    assert counts == [1000, 1000]
    assert gateway.counted(instruments.COUNTED_WAITS) == {(): 7}
    await gateway.close()


async def test_runtime_that_cannot_be_asked_shows_no_waits() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    gateway = Gateway(answer)

    await gateway.measures.refresh()
    await asyncio.sleep(0.1)

    assert gateway.counted(instruments.COUNTED_WAITS) == {}
    await gateway.close()
