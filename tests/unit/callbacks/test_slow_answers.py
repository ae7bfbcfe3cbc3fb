"""Answers that do not arrive."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken import _core
from awaken.callbacks import create_callback_app
from awaken.links import CallbackSettings, Link, LinkSigner, name_of_type

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INVOCATION = _core.format_invocation_id(bytes(24))
HALF = b"tru"


async def half_an_answer() -> AsyncIterator[bytes]:
    yield HALF
    await asyncio.Event().wait()


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
async def test_answer_that_stops_half_way_is_refused(
    monkeypatch: pytest.MonkeyPatch, content_type: str
) -> None:
    monkeypatch.setattr("awaken.callbacks.form_requests._PATIENCE_SECONDS", 0.1)
    signer = LinkSigner({"test": bytes(32)})
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(INVOCATION), 17)
    token = signer.sign(Link(awakeable, "approve?", name_of_type(bool), time.time_ns() // 1_000_000 + 60_000))
    runtime: Any = None  # which is not asked
    app = create_callback_app(settings=CallbackSettings("http://links", signer), operations=runtime)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://links") as client:
        answer = await client.post(
            f"/{token}", content=half_an_answer(), headers={"content-type": content_type}
        )

    assert answer.status_code == 408
    assert f"{len(HALF)} bytes of the answer arrived within 0.1 s" in answer.text
