"""Pydantic AI inside of handlers: an agent whose model requests are durable.

Wrap an agent in `RestateAgent`, and run it in a handler as you would run the agent:

    agent = RestateAgent(Agent("openai:gpt-5.2", tools=[book]))

    @service.handler()
    async def travel(ctx: Context, prompt: str) -> str:
        return (await agent.run(prompt)).output

Each answer of the model is in the journal, so a replay does not ask the model again. Tools run in the handler and find
its context with `restate_context()`.

Needs the extra `pydantic_ai`.
"""

from __future__ import annotations

from awaken.ext.contexts import restate_context, restate_object_context
from awaken.ext.extras import extra

with extra("pydantic_ai", "pydantic_ai", "pydantic"):
    from awaken.ext.pydantic.agent import RestateAgent
    from awaken.ext.pydantic.model import RestateModelWrapper
    from awaken.ext.pydantic.serde import PydanticTypeAdapter
    from awaken.ext.pydantic.toolset import RestateContextRunToolSet

__all__ = [
    "PydanticTypeAdapter",
    "RestateAgent",
    "RestateContextRunToolSet",
    "RestateModelWrapper",
    "restate_context",
    "restate_object_context",
]
