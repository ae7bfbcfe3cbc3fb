"""The example runs as it is."""

from __future__ import annotations

from awaken.testing import open_environment

from examples.agents.adk_approval import app, ask


async def test_agent_asks_a_person_about_large_amounts_only() -> None:
    async with open_environment(app, always_replay=True) as env:
        assert await env.client.object_call(ask, "ada", "a pen for 3") == "That is fine."
        sent = await env.client.object_send(ask, "ada", "a desk for 300")
        await env.awakeable("approve").resolve("yes")

        assert await env.client.attach(sent.invocation_id) == "The answer is yes."
        assert len(env.state("Expenses", "ada")["session_store::expenses"]["events"]) == 6
