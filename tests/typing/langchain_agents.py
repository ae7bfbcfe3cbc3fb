"""What type checkers know about LangChain agents in handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_type

from awaken import Context, RunOptions
from awaken.context import ObjectContext
from awaken.ext.langchain import DurableChatModel, RestateMiddleware, restate_context, restate_object_context
from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import AgentMiddleware, SummarizationMiddleware, ToolRetryMiddleware
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass
class City:
    name: str


@dataclass
class User:
    name: str


model = FakeListChatModel(responses=["hi"])
durable = DurableChatModel(model=model, run_options=RunOptions[Any](max_attempts=3))

create_agent(model, middleware=[RestateMiddleware()])
create_agent(model, middleware=[RestateMiddleware(RunOptions(max_attempts=3), concurrent_tools=True)])
create_agent(
    model,
    [],
    middleware=[ToolRetryMiddleware(), SummarizationMiddleware(durable), RestateMiddleware()],
    response_format=City,
)
for_user: Sequence[AgentMiddleware[AgentState[Any], User]] = [ToolRetryMiddleware(), RestateMiddleware()]
create_agent(model, middleware=for_user, context_schema=User)

RestateMiddleware(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
RestateMiddleware(None, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def handler() -> None:
    assert_type(restate_context(), Context)
    assert_type(restate_object_context(), ObjectContext)
    assert_type(await durable.ainvoke("?"), AIMessage)
