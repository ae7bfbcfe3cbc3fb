"""Questions to a cluster that has just lost a node, and questions that a server does not understand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.control.errors import UnavailableError, UnexpectedAnswerError
from awaken.control.lanes import Kind
from awaken.control.runtime_http import connect_http
from awaken.control.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS = [{"id": "one"}]
URLS = ["http://node-1", "http://node-2"]
QUESTION = "SELECT id FROM sys_invocation"
LOST = "Datafusion error: External error: node lookup for partition 1 failed"


class Nodes:
    """Answer questions, or fail, as often as the test says.

    Args:
        failures: how many questions fail, by node.
        only_this: whether other questions are answered.
        gone: a node that takes no connections.
    """

    def __init__(self, failures: Mapping[str, int], *, only_this: bool = False, gone: str = "") -> None:
        self._failures = dict(failures)
        self._gone = gone
        self._only_this = only_this
        self.asked: list[str] = []

    def tables(self, patience_s: float = 20) -> Tables:
        """Return what the nodes' tables answer."""
        http = connect_http(None, URLS, "", make=lambda url, _: self._client(url))
        return Tables(http, Kind.READ, patience_s)

    def _client(self, url: str) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            name, sql = request.url.host, json.loads(request.content)["query"]
            self.asked.append(name)
            if name == self._gone:
                raise httpx.ConnectError("refused")
            fails = self._failures.get(name, 0) > 0 and (sql == QUESTION or not self._only_this)
            if fails:
                self._failures[name] -= 1
                return httpx.Response(500, json={"message": LOST})
            return httpx.Response(200, json={"rows": ROWS})

        return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=url)


async def test_node_that_fails_is_left() -> None:
    nodes = Nodes({"node-1": 1_000})
    tables = nodes.tables()

    first, second = await tables.ask(QUESTION), await tables.ask(QUESTION)

    assert first == second == ROWS
    assert nodes.asked == ["node-1", "node-2", "node-2"]


async def test_question_waits_until_the_partitions_are_led_again() -> None:
    nodes = Nodes({"node-1": 4, "node-2": 4})

    assert await nodes.tables().ask(QUESTION) == ROWS


@pytest.mark.parametrize("gone", ["node-1", "node-2"])
async def test_node_that_answers_counts_more_than_one_that_is_gone(gone: str) -> None:
    nodes = Nodes({"node-1": 4, "node-2": 4}, gone=gone)

    assert await nodes.tables().ask(QUESTION) == ROWS


async def test_cluster_that_stays_without_leaders_is_unavailable() -> None:
    nodes = Nodes({"node-1": 1_000, "node-2": 1_000})

    with pytest.raises(UnavailableError, match=r"can answer no question \(500: .*partition 1.*try again"):
        await nodes.tables(patience_s=0).ask(QUESTION)


async def test_question_that_alone_fails_is_refused_at_once() -> None:
    nodes = Nodes({"node-1": 1_000, "node-2": 1_000}, only_this=True)

    with pytest.raises(UnexpectedAnswerError, match="refused a question"):
        await nodes.tables().ask(QUESTION)

    assert len(nodes.asked) < 10
