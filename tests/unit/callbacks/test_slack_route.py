"""Clicks in Slack that take longer than the process lives."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from awaken.callbacks import create_callback_app, slack_route
from awaken.links import CallbackSettings, LinkSigner
from awaken.notify import Slack

from tests.fake_slack import SECRET, TOKEN, signed

if TYPE_CHECKING:
    import pytest

CLICK = {
    "type": "block_actions",
    "user": {"id": "U0001"},
    "actions": [{"action_id": "awaken_approve", "value": "token"}],
    "response_url": "https://hooks.slack.com/actions/1",
}
SETTINGS = CallbackSettings("http://links", LinkSigner({"test": bytes(32)}))


async def test_click_that_the_end_of_the_process_cuts_off_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slack_route, "_PATIENCE_SECONDS", 0)
    carried_out: list[asyncio.Task[None] | None] = []

    async def answer(*_: Any) -> Any:
        carried_out.append(asyncio.current_task())
        await asyncio.Event().wait()

    monkeypatch.setattr(slack_route.SlackRoute, "_answer", answer)
    runtime: Any = object()
    app = create_callback_app(settings=SETTINGS, operations=runtime, slack=Slack(TOKEN, SECRET))
    body = urlencode({"payload": json.dumps(CLICK)}).encode()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://links") as slack:
        response = await slack.post("/slack", content=body, headers=signed(body))
    await asyncio.sleep(0)
    (task,) = carried_out
    assert task is not None
    task.cancel()  # as the loop does at its end
    await asyncio.wait({task})

    assert response.status_code == 200
    assert "a click in Slack was cut off" in caplog.text
