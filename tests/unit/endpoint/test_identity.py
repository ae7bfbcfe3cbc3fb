"""Only runtimes whose key an endpoint knows may invoke it."""

from __future__ import annotations

import logging

import awaken
import pytest

from tests.signing import Signer
from tests.unit.endpoint.fakes import FakeExchange

V6 = "application/vnd.restate.invocation.v6"
RUNTIME, OTHER_RUNTIME, STRANGER = Signer(), Signer(), Signer()
greeter = awaken.Service("Greeter")


@greeter.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


endpoint = awaken.app([greeter], identity_keys=[RUNTIME.public_key, OTHER_RUNTIME.public_key])


def ask(method: str, path: str, headers: dict[str, str]) -> FakeExchange:
    exchange = FakeExchange(path, headers, method=method)
    endpoint.accept(exchange).receive_end()
    return exchange


@pytest.mark.parametrize("signer", [RUNTIME, OTHER_RUNTIME])
@pytest.mark.parametrize("prefix", ["", "/deep/prefix"])
async def test_signed_requests_are_let_in(signer: Signer, prefix: str) -> None:
    assert ask("GET", f"{prefix}/discover", signer.headers("/discover")).status == 200
    headers = {**signer.headers("/invoke/Greeter/greet"), "content-type": V6}
    assert ask("POST", f"{prefix}/invoke/Greeter/greet", headers).status == 200


@pytest.mark.parametrize("path", ["/discover", "/invoke/Greeter/greet", "/invoke/Nobody/knows"])
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "not signed"),
        ({"x-restate-signature-scheme": "unsigned"}, "is not v1"),
        ({"x-restate-signature-scheme": "v1"}, "x-restate-jwt-v1 is missing"),
        ({"x-restate-signature-scheme": "v1", "x-restate-jwt-v1": "a.b.c"}, "malformed"),
        (RUNTIME.headers("/invoke/Greeter/other", expires=3600), "another route"),
    ],
    ids=lambda value: value if isinstance(value, str) else "headers",
)
def test_others_get_an_empty_401_before_anything_is_told(
    path: str, headers: dict[str, str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        exchange = ask("GET" if path == "/discover" else "POST", path, headers)

    assert (exchange.status, exchange.body) == (401, b"")
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (STRANGER.headers("/discover", expires=3600), "not signed by a key"),
        (RUNTIME.headers("/discover", expires=-3600), "expired"),
        (RUNTIME.headers("/discover", not_before=3600, expires=7200), "not valid yet"),
        (RUNTIME.headers("/discover", expires=3600, issued=None), "when it was issued"),
        (RUNTIME.headers("/discover", expires=7200, issued=3600), "issued in the future"),
    ],
)
def test_foreign_and_untimely_signatures_get_401(
    headers: dict[str, str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert ask("GET", "/discover", headers).status == 401

    assert reason in caplog.text


def test_probes_need_no_signature_and_unknown_routes_stay_404() -> None:
    assert ask("GET", "/health", {}).status == 200
    assert ask("GET", "/ready", {}).status == 200
    assert ask("GET", "/elsewhere", {}).status == 404


def test_unsigned_endpoint_ignores_signatures() -> None:
    exchange = FakeExchange("/discover", STRANGER.headers("/elsewhere"), method="GET")

    awaken.app([greeter]).accept(exchange).receive_end()

    assert exchange.status == 200


def test_keys_can_be_added_one_by_one() -> None:
    bound = awaken.Endpoint().bind(greeter).identity_key(RUNTIME.public_key)
    bound.identity_key(OTHER_RUNTIME.public_key)
    exchange = FakeExchange("/discover", RUNTIME.headers("/discover"), method="GET")

    bound.accept(exchange).receive_end()

    assert bound.identity_keys == [RUNTIME.public_key, OTHER_RUNTIME.public_key]
    assert exchange.status == 200


@pytest.mark.parametrize(
    "key",
    ["", "publickeyv1_", "publickeyv1_0OIl", pytest.param(RUNTIME.public_key[:-2], id="truncated")],
)
def test_a_text_that_is_no_key_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="identity key"):
        awaken.app([greeter], identity_keys=[key])
