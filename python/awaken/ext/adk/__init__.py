"""Durable agents of Google's Agent Development Kit.

    app = App(name="weather", root_agent=agent, plugins=[RestatePlugin()])
    runner = Runner(app=app, session_service=RestateSessionService())

    @chat.handler()
    async def ask(ctx: ObjectContext, message: str) -> str:
        async for event in runner.run_async(user_id=ctx.key(), session_id="chat", new_message=...):
            ...

Each answer of a model is in the journal, sessions are in the state of the key, and tools run in the handler: they find
its context with `restate_context()`.

Needs the extra `adk`.
"""

from __future__ import annotations

from awaken.ext.contexts import restate_context, restate_object_context
from awaken.ext.extras import extra

with extra("adk", "google.adk"):
    from awaken.ext.adk.plugin import RestatePlugin
    from awaken.ext.adk.session import RestateSessionService
    from awaken.ext.adk.summarizer import RestateEventSummarizer
    from awaken.ext.adk.toolset import DurableToolset

__all__ = [
    "DurableToolset",
    "RestateEventSummarizer",
    "RestatePlugin",
    "RestateSessionService",
    "restate_context",
    "restate_object_context",
]
