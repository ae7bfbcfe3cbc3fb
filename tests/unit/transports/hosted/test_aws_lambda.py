"""AWS Lambda: events that are right, wrong, large, or not from a runtime at all."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import zstandard
from awaken.errors import LocalProtocolError
from awaken.transports.hosted import aws_lambda
from awaken.transports.hosted.aws_lambda import COMPRESSION_THRESHOLD, LambdaHandler

from tests.unit.transports.receivers import Echo, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST_V4 = "application/vnd.restate.endpointmanifest.v4+json"
LARGE = bytes(range(256)) * (COMPRESSION_THRESHOLD // 256) + b"x"

greeter = awaken.Service("Greeter")


@greeter.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


def event(payload: bytes = b"", /, **changed: Any) -> dict[str, Any]:
    return {
        "path": "/x",
        "httpMethod": "POST",
        "headers": {},
        "body": base64.b64encode(payload).decode(),
        "isBase64Encoded": True,
        **changed,
    }


def handler_of_an_endpoint() -> LambdaHandler:
    return awaken.Endpoint([greeter]).lambda_handler()


@pytest.mark.parametrize("body", [b"", b"one", LARGE])
def test_body_goes_in_and_comes_out(body: bytes) -> None:
    result = LambdaHandler(Echo)(event(body), None)

    assert result == {
        "statusCode": 200,
        "headers": {"content-type": "text/plain"},
        "isBase64Encoded": True,
        "body": base64.b64encode(body).decode(),
    }


def test_one_handler_answers_one_event_after_the_other() -> None:
    handler = LambdaHandler(Echo)

    answers = [handler(event(b"%d" % number), None)["body"] for number in range(3)]

    assert [base64.b64decode(answer) for answer in answers] == [b"0", b"1", b"2"]


@pytest.mark.parametrize(
    ("wrong", "status", "text"),
    [
        (None, 400, "NoneType, not an object"),
        ([], 400, "list, not an object"),
        ({}, 400, "no path"),
        ({"path": "/x"}, 400, "no httpMethod"),
        (event(path=None), 400, "no path"),
        (event(path=5), 400, "no path"),
        (event(httpMethod=""), 400, "no httpMethod"),
        (event(headers="none"), 400, "headers are not an object"),
        (event(headers={"a": 5}), 400, "headers are not an object"),
        (event(body=5), 400, "body is a int"),
        (event(body="AAA"), 400, "not base64"),
        (event(body="A*AA"), 400, "not base64"),
        (event(body="AA\nAA"), 400, "not base64"),
        (event(body="ä"), 400, "not base64"),
        (event(headers={"content-encoding": "br"}), 415, "'br' is not supported"),
        (event(b"no zstd", headers={"Content-Encoding": "zstd"}), 400, "not zstd"),
        ({"Records": [{"eventSource": "aws:sqs"}]}, 400, "no path"),
    ],
)
def test_malformed_event_has_a_status_and_says_why(wrong: Any, status: int, text: str) -> None:
    result = LambdaHandler(Echo)(wrong, None)

    assert result["statusCode"] == status
    assert result["isBase64Encoded"] is False
    assert text in result["body"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/invoke/Nobody/greet", 404),
        ("GET", "/invoke/Greeter/greet", 405),
        ("POST", "/discover", 405),
        ("POST", "/invoke/Greeter/greet", 415),
        ("get", "/health?deep=1", 200),
    ],
)
def test_routes_have_the_statuses_they_have_everywhere(method: str, path: str, status: int) -> None:
    result = handler_of_an_endpoint()(event(path=path, httpMethod=method), None)

    assert result["statusCode"] == status
    json.dumps(result)


def test_missing_headers_and_body_are_empty_ones() -> None:
    assert (
        LambdaHandler(Echo)({"path": "/x", "httpMethod": "GET", "headers": None, "body": None})["body"] == ""
    )


def test_body_that_is_not_base64_is_text() -> None:
    result = LambdaHandler(Echo)(event(body="grüße", isBase64Encoded=False))

    assert base64.b64decode(result["body"]).decode() == "grüße"


class Quitter(Recorder):
    def receive_end(self) -> None:
        self.exchange.reset()


def test_exchange_that_is_given_up_is_a_500() -> None:
    assert LambdaHandler(Quitter)(event())["statusCode"] == 500


# ------------------------------------------------------------ compression


def test_large_response_is_compressed_for_who_accepts_it() -> None:
    accepting = {"Accept-Encoding": "gzip, ZSTD;q=1"}

    result = LambdaHandler(Echo)(event(LARGE, headers=accepting))

    body = base64.b64decode(result["body"])
    assert result["headers"]["content-encoding"] == "zstd"
    assert len(body) < len(LARGE) / 100
    assert zstandard.ZstdDecompressor().decompress(body) == LARGE


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (LARGE, {}),
        (LARGE, {"accept-encoding": "gzip"}),
        (LARGE[:COMPRESSION_THRESHOLD], {"accept-encoding": "zstd"}),
    ],
)
def test_other_responses_are_not(body: bytes, headers: dict[str, str]) -> None:
    result = LambdaHandler(Echo)(event(body, headers=headers))

    assert "content-encoding" not in result["headers"]
    assert base64.b64decode(result["body"]) == body


def test_compressed_request_is_read() -> None:
    compressed = zstandard.ZstdCompressor().compress(LARGE)

    result = LambdaHandler(Echo)(event(compressed, headers={"content-encoding": "zstd"}))

    assert base64.b64decode(result["body"]) == LARGE


def test_bomb_is_defused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_lambda, "LARGEST_BODY", 4 * 1024 * 1024)
    bomb = zstandard.ZstdCompressor().compress(bytes(5 * 1024 * 1024))

    result = LambdaHandler(Echo)(event(bomb, headers={"content-encoding": "zstd"}))

    assert result["statusCode"] == 413


def test_manifest_offers_compression_and_request_response_mode() -> None:
    result = handler_of_an_endpoint()(
        event(path="/discover", httpMethod="GET", headers={"Accept": MANIFEST_V4}), None
    )

    manifest = json.loads(base64.b64decode(result["body"]))
    assert manifest["lambdaCompression"] == "zstd"
    assert manifest["protocolMode"] == "REQUEST_RESPONSE"


def test_without_the_extra_nothing_is_compressed_or_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    handler = handler_of_an_endpoint()

    discovered = handler(event(path="/discover", httpMethod="GET", headers={"accept": MANIFEST_V4}))
    large = LambdaHandler(Echo)(event(LARGE, headers={"accept-encoding": "zstd"}))
    compressed = LambdaHandler(Echo)(event(b"x", headers={"content-encoding": "zstd"}))

    assert "lambdaCompression" not in json.loads(base64.b64decode(discovered["body"]))
    assert "content-encoding" not in large["headers"]
    assert compressed["statusCode"] == 415


# ------------------------------------------------------------ the exchange


def test_misuse_of_the_exchange_raises() -> None:
    errors: list[str] = []

    def misuse(call: Callable[[], object]) -> None:
        with pytest.raises(LocalProtocolError) as caught:
            call()
        errors.append(str(caught.value))

    class Clumsy(Recorder):
        def receive_end(self) -> None:
            misuse(lambda: self.exchange.write(b"x"))
            self.answer()
            misuse(lambda: self.exchange.start(200, []))
            misuse(lambda: self.exchange.write(b"x"))
            misuse(self.exchange.end)

    assert LambdaHandler(Clumsy)(event())["statusCode"] == 200

    texts = ["start the response first", "already started", "already ended", "already ended"]
    assert all(part in error for part, error in zip(texts, errors, strict=True))
