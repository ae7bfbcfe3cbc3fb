"""A runtime at several addresses: which requests go to another one, and which never do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.control.errors import NoAnswerError, OverloadedError, UnavailableError, UnreachableError
from awaken.control.lanes import LIMITS, Kind, Lane, LaneLimits
from awaken.control.nodes import Interface, Node
from awaken.control.runtime_http import connect_http

from tests.unit.client.site import Site
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[[httpx.Request], httpx.Response]


def fine(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


def busy(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, text="no leader")


def absent(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def breaking(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset", request=request)


def silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too slow", request=request)


class Cluster:
    """Nodes `a`, `b`, ..., which answer as they are told."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = {f"http://{name}": answer for name, answer in zip("abc", answers, strict=False)}
        self.asked = ""
        self.interface = Interface("ingress", [Node(url, self._client) for url in self.answers])

    def _client(self, url: str, _kind: Kind) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked += url[-1]
            return self.answers[url](request)

        return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=url)

    async def send(self, *, may_repeat: bool) -> int:
        answer = await self.interface.send(Kind.CALL, "POST", "/x", may_repeat=may_repeat)
        return answer.status_code


@pytest.mark.parametrize("first", [absent, breaking, silent, busy])
async def test_what_may_be_repeated_goes_to_the_next_address(first: Answer) -> None:
    cluster = Cluster(first, fine)

    assert await cluster.send(may_repeat=True) == 200
    assert cluster.asked == "ab"


async def test_what_was_not_sent_goes_to_the_next_address() -> None:
    cluster = Cluster(absent, absent, fine)

    assert await cluster.send(may_repeat=False) == 200
    assert cluster.asked == "abc"


@pytest.mark.parametrize(
    ("first", "error"), [(breaking, UnavailableError), (silent, NoAnswerError), (busy, None)]
)
async def test_what_may_have_been_received_is_not_repeated(
    first: Answer, error: type[Exception] | None
) -> None:
    cluster = Cluster(first, fine)

    if error is None:
        assert await cluster.send(may_repeat=False) == 503
    else:
        with pytest.raises(error):
            await cluster.send(may_repeat=False)
    assert cluster.asked == "a"
    # The next request does not begin with the node that failed.
    assert await cluster.send(may_repeat=False) == 200
    assert cluster.asked == "ab"


async def test_requests_stay_with_the_address_that_answered_last() -> None:
    cluster = Cluster(absent, fine)

    for _ in range(3):
        await cluster.send(may_repeat=False)
    cluster.answers["http://a"], cluster.answers["http://b"] = fine, absent
    for _ in range(2):
        await cluster.send(may_repeat=False)

    assert cluster.asked == "abbb" + "baa"


async def test_all_addresses_are_named_when_none_can_be_reached() -> None:
    cluster = Cluster(absent, absent)

    with pytest.raises(
        UnreachableError, match="ingress at http://a, http://b cannot be reached: http://b: refused"
    ):
        await cluster.send(may_repeat=False)
    assert cluster.asked == "ab"


async def test_what_a_node_answers_counts_when_no_other_has_a_better_answer() -> None:
    assert await Cluster(absent, busy).send(may_repeat=True) == 503
    assert await Cluster(busy, absent).send(may_repeat=True) == 503
    assert await Cluster(busy).send(may_repeat=True) == 503


async def test_a_lane_refuses_what_it_has_no_place_for_at_once() -> None:
    lane = Lane(Kind.READ, LaneLimits(active=2, open=2))

    async with lane.place(), lane.place():
        with pytest.raises(OverloadedError, match="2 read requests to the runtime are open"):
            async with lane.place():
                pass
    async with lane.place():  # those that have ended leave their places
        pass


async def test_a_lane_does_not_let_wait_for_ever() -> None:
    lane = Lane(Kind.READ, LaneLimits(active=1, open=5), patience_s=0.01)

    async with lane.place():
        with pytest.raises(
            OverloadedError, match=r"busy with 1 earlier read requests for 0.01 s; nothing was sent"
        ):
            async with lane.place():
                pass
    async with lane.place():
        pass


async def test_requests_of_a_lane_share_its_connections_over_the_network() -> None:
    active = LIMITS[Kind.CALL].active
    with Site().serving() as site:
        http = connect_http(site.url, None)
        sends = [
            asyncio.ensure_future(http.enter(Kind.CALL, "POST", "/S/wait", may_repeat=False))
            for _ in range(3 * active)
        ]
        await wait_until(lambda: len(site.targets) == active)
        site.let_go()

        answers = await asyncio.gather(*sends)

        assert [answer.status_code for answer in answers] == [200] * 3 * active
        assert len(site.is_open) == active
        await http.close()
        await wait_until(lambda: site.open == 0)
