"""LangChain agents in handlers: a replay asks the model nothing again, and tools use the context of the handler.

    agent = create_agent(model, tools=[book], middleware=[RestateMiddleware()])

    @assistant.handler()
    async def ask(ctx: Context, question: str) -> str:
        answer = await agent.ainvoke({"messages": [{"role": "user", "content": question}]})
        return answer["messages"][-1].text

`docs/how-to/agents.md` has the rest: tools that wait for people, histories in the state of objects, other middleware.
"""

from awaken.ext.contexts import restate_context, restate_object_context
from awaken.ext.extras import extra

with extra("langchain", "langchain", "langchain_core", "langgraph", "langsmith"):
    from awaken.ext.langchain.durable_model import DurableChatModel
    from awaken.ext.langchain.middleware import RestateMiddleware

__all__ = ["DurableChatModel", "RestateMiddleware", "restate_context", "restate_object_context"]
