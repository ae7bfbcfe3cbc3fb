"""Routes: what the endpoint answers before a handler runs."""

from __future__ import annotations

import awaken
import pytest

from tests import frames
from tests.unit.endpoint.fakes import FakeExchange

V6 = "application/vnd.restate.invocation.v6"
greeter = awaken.Service("Greeter")


@greeter.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


endpoint = awaken.app([greeter])


def ask(method: str, path: str, headers: dict[str, str] | None = None, *, ends: bool = True) -> FakeExchange:
    exchange = FakeExchange(path, headers or {}, method=method)
    receiver = endpoint.accept(exchange)
    if ends:
        receiver.receive_end()
    return exchange


@pytest.mark.parametrize("prefix", ["", "/deep/prefix", "/invoke", "/discover"])
async def test_routes_count_from_the_end_of_the_path(prefix: str) -> None:
    assert ask("GET", f"{prefix}/health").status == 200
    assert ask("GET", f"{prefix}/discover").status == 200
    exchange = ask("POST", f"{prefix}/invoke/Greeter/greet", {"content-type": V6}, ends=False)
    assert exchange.status is None


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "expected"),
    [
        ("GET", "/", {}, 404, "no route /"),
        ("GET", "/invoke/Greeter", {}, 404, "no route"),
        ("POST", "/invoke/Greeter/greet/extra", {"content-type": V6}, 404, "no route"),
        (
            "POST",
            "/invoke/Nobody/greet",
            {"content-type": V6},
            404,
            "this endpoint serves Greeter",
        ),
        (
            "POST",
            "/invoke/Greeter/wave",
            {"content-type": V6},
            404,
            'no handler "wave" in',
        ),
        ("POST", "/invoke/Greeter/gr%65et", {"content-type": V6}, 404, "gr%65et"),
        ("GET", "/invoke/Greeter/greet", {"content-type": V6}, 405, "use POST"),
        ("POST", "/discover", {}, 405, "use GET"),
        ("DELETE", "/health", {}, 405, "use GET"),
        ("DELETE", "/ready", {}, 405, "use GET"),
        (
            "POST",
            "/invoke/Greeter/greet",
            {"content-type": V6, "origin": "http://evil.example"},
            403,
            "a page of 'http://evil.example' sent this request",
        ),
        ("POST", "/invoke/Greeter/greet", {}, 415, "content-type ''"),
        ("POST", "/invoke/Greeter/greet", {"content-type": "application/json"}, 415, "application/json"),
        ("POST", "/invoke/Greeter/greet", {"content-type": f"{V6};charset=utf-8"}, 415, "charset"),
        ("POST", "/invoke/Greeter/greet", {"content-type": V6[:-1] + "4"}, 415, "v4"),
        ("POST", "/invoke/Greeter/greet", {"content-type": V6[:-1] + "8"}, 415, "v8"),
        ("GET", "/discover", {"accept": "application/vnd.restate.endpointmanifest.v1+json"}, 415, "2, 3, 4"),
        ("GET", "/discover", {"accept": "text/html"}, 415, "text/html"),
    ],
)
def test_what_is_wrong_gets_its_status_and_is_told(
    method: str, path: str, headers: dict[str, str], status: int, expected: str
) -> None:
    exchange = ask(method, path, headers)
    assert exchange.status == status
    assert expected in exchange.body.decode()
    assert exchange.is_ended


def test_refusal_takes_the_rest_of_the_request_and_gives_its_credit_back() -> None:
    exchange = FakeExchange("/nowhere", {}, method="POST")
    receiver = endpoint.accept(exchange)
    receiver.receive_data(b"x" * 1000)
    receiver.receive_end()
    assert exchange.acknowledged == 1000


def test_head_of_health_has_no_body() -> None:
    exchange = ask("HEAD", "/health")
    assert (exchange.status, exchange.body) == (200, b"")
    assert exchange.response_headers["content-length"] == "15"


def test_ready_says_why_requests_should_go_elsewhere() -> None:
    starting = awaken.Endpoint()
    reasons: list[str | None] = ["starting", None, "draining"]
    answers: list[tuple[int | None, bytes]] = []
    starting.unready = lambda: reasons[len(answers)]
    for _ in reasons:
        exchange = FakeExchange("/prefix/ready", {}, method="GET")
        starting.accept(exchange)
        answers.append((exchange.status, exchange.body))

    assert answers == [
        (503, b'{"status":"starting"}'),
        (200, b'{"status":"ready"}'),
        (503, b'{"status":"draining"}'),
    ]


@pytest.mark.parametrize("version", [5, 6, 7])
async def test_response_repeats_the_content_type_of_every_version(version: int) -> None:
    content_type = f"application/vnd.restate.invocation.v{version}"
    exchange = FakeExchange("/invoke/Greeter/greet", {"content-type": content_type})
    receiver = endpoint.accept(exchange)
    receiver.receive_data(frames.frame(0x0001))
    assert exchange.status == 200
    assert exchange.response_headers["content-type"] == content_type
    assert exchange.response_headers["x-restate-server"].startswith("awaken/")
    assert frames.names(exchange.body) == ["Error"]


def test_two_services_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match='two services are named "Greeter"'):
        awaken.app([greeter, awaken.Service("Greeter")])


def test_endpoint_says_whether_it_is_strict() -> None:
    assert awaken.app([greeter], strict=True).is_strict
    assert not awaken.Endpoint().is_strict


def test_unknown_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="'h3'"):
        awaken.app([greeter], protocol="h3")  # type: ignore[arg-type]  # that is the point
