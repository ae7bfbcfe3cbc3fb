"""The example for readers works, without a key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.testing import open_environment

if TYPE_CHECKING:
    import pytest


async def test_claims_are_reviewed_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    from examples.agents import pydantic_claims as claims

    async with open_environment(claims.app, always_replay=True) as env:
        assert await env.client.object_call(claims.say, "ada", "a cup, 5 euros") == "Your claim is granted."
        said = asyncio.create_task(env.client.object_call(claims.say, "ada", "my roof, 3000 euros"))
        await env.awakeable("review").resolve("declined")
        assert await said == "Your claim is declined."
        assert len(env.state("Claims", "ada")["messages"]) == 6
