"""Signatures and Lambda events as observed between the official server and SDK."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import awaken
import pytest
from awaken import _core

from tests import frames

FOLDER = Path(__file__).parent / "requests"
IDENTITY: dict[str, Any] = json.loads((FOLDER / "identity_v1.json").read_text())
LAMBDA: dict[str, Any] = json.loads((FOLDER / "lambda_v6.json").read_text())

service = awaken.Service("G")


@service.handler()
async def hello(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


@service.handler()
async def slp(ctx: awaken.Context, name: str) -> str:
    await ctx.sleep(timedelta(seconds=30))
    return name


def refusal(now: int, **changed: Any) -> str | None:
    given = IDENTITY | changed
    return _core.IdentityKeys([given["key"]]).refusal(given["scheme"], given["token"], given["path"], now)


@pytest.mark.parametrize("moment", ["not_before", "now", "expires"])
def test_signature_of_the_server_is_let_in(moment: str) -> None:
    assert refusal(IDENTITY[moment]) is None


def test_signature_of_the_server_has_its_time_and_its_route() -> None:
    assert "not valid yet" in (refusal(IDENTITY["not_before"] - 1) or "")
    assert "expired" in (refusal(IDENTITY["expires"] + 1) or "")
    assert "another route" in (refusal(IDENTITY["now"], path="/invoke/Obj/poke") or "")


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "greeter")
    return awaken.app([service])


def test_event_of_the_server_gets_the_official_answer_byte_for_byte(handler: Any) -> None:
    result = handler(LAMBDA["event"], None)

    assert result["headers"].pop("x-restate-server").startswith("awaken/")
    assert result == LAMBDA["results"]["hello"]


def test_waiting_handler_suspends_as_the_official_one(handler: Any) -> None:
    result = handler(LAMBDA["event"] | {"path": "/invoke/G/slp"}, None)

    recorded = base64.b64decode(LAMBDA["results"]["slp"]["body"])
    answered = base64.b64decode(result["body"])
    assert frames.names(answered) == frames.names(recorded)
    assert len(answered) == len(recorded)
    assert answered[-14:] == recorded[-14:]  # the suspension; the sleep before it has the time in it
