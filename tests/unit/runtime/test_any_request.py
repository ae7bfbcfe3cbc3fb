"""Whatever is sent to ingress and admin API, they answer, log no error, and tell afterwards what they told before."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from awaken.runtime.admin import make_admin
from awaken.runtime.ingress import Ingress
from awaken.runtime.query import Query, take_snapshot
from awaken.runtime.query.connection import Connection
from awaken.runtime.query.rendering import row_renderer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Mount, Route

from tests.unit.runtime.fakes import FakeOperations, FakeQuestions, Network, make_deployments
from tests.unit.runtime.harness import Harness
from tests.unit.runtime.services import SERVICES
from tests.unit.runtime.serving import serving

if TYPE_CHECKING:
    from pathlib import Path


ANSWER_TIMEOUT_S = 20
#: As on the server: the endpoint cannot be reached, or the operation does not exist.
EXPECTED_FAILURES = (
    "META0003",
    "META0014",
    "cannot read body: invalid request body",
    "Unable to parse an input",
)
VIEWS = ("sys_invocation", "sys_journal", "state", "sys_service", "sys_deployment", "sys_journal_events")


def known_paths() -> list[str]:
    deployments = make_deployments(Network().dial)
    operations = FakeOperations()
    admin = make_admin(operations, deployments, questions=FakeQuestions(), ingress_url=lambda: "")
    paths = [route.path for route in admin.routes if isinstance(route, Route)]
    assert any(isinstance(route, Mount) for route in admin.routes)
    reserved = [f"/restate/{name}" for name in Ingress(operations, deployments).reserved]
    return [
        *paths,
        "/v4/services/{a}",
        "/Echo/echo",
        "/Counter/{a}/add",
        "/Counter/{a}/add/send",
        "/Nobody/{a}",
        *reserved,
    ]


odd_text = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "\0", "..", "%", "9" * 5_000, "-1", "NaN", "P1D", "10s", "dp_1", "inv_1", "Echo", "sign_1"]
    ),
    st.integers().map(str),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), odd_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)),
    max_leaves=6,
)
#: Members that some route knows, with any value.
documents = st.dictionaries(
    st.sampled_from(
        [
            *(
                "query",
                "uri",
                "arn",
                "force",
                "additional_headers",
                "metadata",
                "public",
                "journal_retention",
            ),
            *("object_key", "new_state", "version", "target", "invocationId", "workflowName", "workflowKey"),
            *("service", "handler", "idempotencyKey", "key", "dry_run", "use_http_11", "abort_timeout"),
        ]
    ),
    json_values,
    max_size=6,
).filter(lambda document: not str(document.get("uri", "")).startswith("http"))  # nothing outside is dialed
bodies = st.one_of(
    st.binary(max_size=50),
    json_values.map(lambda value: json.dumps(value).encode()),
    documents.map(lambda value: json.dumps(value).encode()),
)
segments = st.one_of(odd_text.map(lambda text: quote(text, safe="")), st.binary(max_size=8).map(quote))
headers = st.dictionaries(
    st.sampled_from(
        ["content-type", "idempotency-key", "if-match", "accept", "x-restate-limit-key", "content-encoding"]
    ),
    st.one_of(
        st.sampled_from(["application/json", "text/plain", "*", "gzip", ""]),
        st.text("ab\t é\xff", max_size=5).map(lambda text: text.strip(" \t")),  # no client sends the ends
    ),
    max_size=3,
)
queries = st.dictionaries(
    st.sampled_from(
        ["from", "deployment", "mode", "force", "service", "key", "invocation", "limit", "after", "delay"]
    ),
    odd_text,
    max_size=2,
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, str], bytes]:
    template = draw(st.sampled_from(known_paths()))
    parts = [draw(segments) if part.startswith("{") else part for part in template.split("/")]
    parts += draw(st.lists(segments, max_size=2))
    query = "&".join(f"{name}={quote(value)}" for name, value in draw(queries).items())
    method = draw(st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "FOO"]))
    sent = {name: value.encode("latin-1") for name, value in draw(headers).items()}
    return method, "/".join(parts) + (f"?{query}" if query else ""), sent, draw(bodies)  # type: ignore[return-value]


class InThisProcess:
    """Answers questions without the process that they have otherwise."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._connection = Connection(harness.runtime.store.path, timeout_s=ANSWER_TIMEOUT_S)
        self.untaken = FakeQuestions().untaken

    async def answer(self, sql: str, *, is_arrow: bool = False) -> bytes:
        answered = self._connection.answer(sql, take_snapshot(self._harness.deployments))
        return json.dumps(list(map(row_renderer(answered.columns), answered.rows))).encode()

    def close(self) -> None:
        self._connection.close()


async def send(client: httpx.AsyncClient, request: Any) -> httpx.Response:
    method, target, sent, body = request
    url = client.base_url.copy_with(raw_path=target.encode())
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        return await client.request(method, url, content=body, headers=sent)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(asked=st.lists(requests(), min_size=5, max_size=10))
def test_any_requests_are_answered_and_break_no_later_one(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture, asked: list[Any]
) -> None:
    caplog.clear()

    asyncio.run(_ask_all(tmp_path_factory.mktemp("runtime"), asked))

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def _ask_all(directory: Path, asked: list[Any]) -> None:
    harness = Harness(directory, SERVICES)
    await harness.start()
    query = Query(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))
    questions = InThisProcess(harness)
    admin = make_admin(
        harness.runtime,
        harness.deployments,
        questions=questions,
        ingress_url=lambda: "http://ingress/",
    )
    transport = httpx.ASGITransport(admin, raise_app_exceptions=True)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://doors") as operator,
        serving(Ingress(harness.runtime, harness.deployments)) as caller,
    ):
        before = await _facts(operator)

        for request in asked:
            for client in (operator, caller):
                try:
                    response = await send(client, request)
                except TimeoutError:
                    if (
                        "Nobody" not in request[1]
                        and "Echo" not in request[1]
                        and "Counter" not in request[1]
                    ):
                        raise
                    continue
                is_expected = response.status_code == 501 or any(
                    text in response.text for text in EXPECTED_FAILURES
                )
                assert response.status_code < 500 or is_expected, (
                    request,
                    response.status_code,
                    response.text,
                )

        for view in VIEWS:
            assert isinstance(await query.ask(f"SELECT * FROM {view}"), list)
        assert (await harness.call("Echo/echo", "still")) == "still"
        assert await _facts(operator) == before
    questions.close()
    query.close()
    await harness.stop()


async def _facts(admin: httpx.AsyncClient) -> list[str]:
    names = [
        [
            service["name"]
            for service in (await send(admin, ("GET", "/services", {}, b""))).json()["services"]
        ],
        [one["id"] for one in (await send(admin, ("GET", "/deployments", {}, b""))).json()["deployments"]],
    ]
    return [*map(repr, names), (await send(admin, ("GET", "/awakeables", {}, b""))).text]
