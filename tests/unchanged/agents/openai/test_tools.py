"""Tools of agents: what they get, what they return, and what becomes of their errors."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass
from typing import Any

import awaken
import pytest
from agents import Agent, function_tool
from awaken.errors import HttpError, UsageError
from awaken.ext.openai import (
    DurableRunner,
    durable_function_tool,
    raise_terminal_errors,
    restate_context,
)
from awaken.testing import open_environment
from pydantic import BaseModel

from tests.unchanged.agents.openai.handling import answer_of, report_of
from tests.unchanged.agents.openai.scripted import (
    ScriptedModel,
    calls,
    calls_with,
    first_then_report,
    outputs,
    says,
)

#: What the framework tells a model by default. Earlier versions continue with the error.
DEFAULT_TEXT = "An error occurred while running the tool. Please try again."


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


@dataclass
class Address:
    street: str
    number: int


class Order(BaseModel):
    size: Size
    address: Address
    notes: list[str] = []


@durable_function_tool
async def place(order: Order, size: Size, address: Address) -> str:
    """Place an order."""
    read = await restate_context().run_typed(
        "place", lambda: f"{order.size.name} {order.notes} {address.number}"
    )
    return f"{type(order).__name__} {type(size).__name__} {type(address).__name__}: {read}"


@durable_function_tool
def plain(text: str) -> str:
    """Work in a thread."""
    return f"plain {text}"


@durable_function_tool
async def double(number: int) -> int:
    """Double a number."""
    return await restate_context().run_typed("double", lambda: 2 * number)


async def test_arguments_are_of_their_types() -> None:
    address = {"street": "Große Straße 🏠", "number": 7}
    order = {"size": "l", "address": address, "notes": ["☕", "日本"]}

    told = await report_of([place], calls("place", order=order, size="s", address=address))

    assert told == "Order Size Address: LARGE ['☕', '日本'] 7"


async def test_plain_functions_are_tools() -> None:
    assert (
        await report_of([plain, double], calls("plain", text="ü"), calls("double", number=21))
        == "plain ü | 42"
    )


async def test_result_of_megabytes() -> None:
    @durable_function_tool
    async def read() -> str:
        """Read a book."""
        return await restate_context().run_typed("read", lambda: "é" * 2_500_000)

    told = await report_of([read], calls("read"), always_replay=False)

    assert told == "é" * 2_500_000


async def test_thirty_tools_at_once_return_in_the_order_of_the_calls() -> None:
    asked = [calls("double", f"c{number}", number=number) for number in range(30)]

    told = await report_of([double], *asked, always_replay=False)

    assert told == " | ".join(str(2 * number) for number in range(30))


async def test_fifty_turns() -> None:
    def count(items: list[Any]) -> Any:
        done = len(outputs(items))
        return [says(outputs(items)[-1])] if done == 49 else [calls("double", f"c{done}", number=done)]

    model = ScriptedModel(count)

    async def handle(ctx: awaken.Context) -> Any:
        return (
            await DurableRunner.run(Agent(name="A", model=model, tools=[double]), "go", max_turns=60)
        ).final_output

    assert await answer_of(handle, always_replay=False) == "96"
    assert len(model.calls) == 50


async def test_tool_calls_another_handler() -> None:
    prices = awaken.Service("Prices")
    shop = awaken.Service("Shop")

    @prices.handler()
    async def price(ctx: awaken.Context, item: str) -> int:
        if item == "gold":
            raise awaken.TerminalError("not for sale", status_code=404)
        return len(item)

    @durable_function_tool
    async def look_up(item: str) -> int:
        """Look up a price."""
        return await restate_context().service_call(price, arg=item)

    @shop.handler()
    async def ask(ctx: awaken.Context, item: str) -> str:
        model = ScriptedModel(first_then_report(calls("look_up", item=item)))
        return str(
            (await DurableRunner.run(Agent(name="A", model=model, tools=[look_up]), "go")).final_output
        )

    async with open_environment(awaken.app([prices, shop]), always_replay=True) as env:
        assert await env.client.service_call(ask, "pen") == "3"
        with pytest.raises(HttpError, match="not for sale") as raised:
            await env.client.service_call(ask, "gold")
        assert raised.value.status_code == 404


# ------------------------------------------------------------ errors


async def failing(kind: str) -> str:
    match kind:
        case "terminal":
            raise awaken.TerminalError("no way", status_code=418, metadata={"why": "tea"})
        case "terminal in a run":

            def refuse() -> str:
                raise awaken.TerminalError("no way", status_code=418, metadata={"why": "tea"})

            return await restate_context().run_typed("refuse", refuse)
        case "wrapped":
            try:
                raise awaken.TerminalError("no way", status_code=418, metadata={"why": "tea"})
            except awaken.TerminalError as error:
                raise ValueError("outer") from error
        case "usage":
            restate_context().run_typed("never", "no function")  # type: ignore[call-overload]
    raise ValueError(f"there is no {kind}")


def failing_tool(**options: Any) -> Any:
    async def fail(kind: str) -> str:
        """Fail."""
        return await failing(kind)

    return durable_function_tool(fail, **options)


@pytest.mark.parametrize("kind", ["terminal", "terminal in a run", "wrapped"])
async def test_terminal_error_of_a_durable_tool_ends_the_agent(kind: str) -> None:
    async def handle(ctx: awaken.Context) -> list[Any]:
        model = ScriptedModel(first_then_report(calls("fail", kind=kind)))
        try:
            await DurableRunner.run(Agent(name="A", model=model, tools=[failing_tool()]), "go")
        except awaken.TerminalError as error:
            return [error.message, error.status_code, error.metadata]
        return []

    assert await answer_of(handle) == ["no way", 418, {"why": "tea"}]


async def test_misuse_in_a_tool_ends_the_agent() -> None:
    with pytest.raises((UsageError, HttpError), match="never"):
        await report_of([failing_tool()], calls("fail", kind="usage"))


async def test_other_errors_of_a_durable_tool_are_retried() -> None:
    left = ["first"]

    @durable_function_tool
    async def flaky() -> str:
        """Fail once."""
        if left:
            raise ValueError(left.pop())
        return "fine"

    assert await report_of([flaky], calls("flaky"), retries=True) == "fine"


async def test_error_names_its_tool() -> None:
    with pytest.raises(ValueError, match="there is no bone") as raised:
        await report_of([failing_tool()], calls("fail", kind="bone"))
    assert any("fail" in note for note in raised.value.__notes__)


async def test_error_that_a_retry_repairs_is_hidden_from_the_model_above() -> None:
    """If the outer model heard of the failure, the replay, in which the tool works, would take another path."""
    left = ["first"]

    @durable_function_tool
    async def flaky() -> str:
        """Fail once."""
        if left:
            raise ValueError(left.pop())
        return "fine"

    inner = Agent(name="inner", model=ScriptedModel(first_then_report(calls("flaky"))), tools=[flaky])

    assert await report_of([inner.as_tool("inner", "")], calls("inner", input="x"), retries=True) == "fine"


async def test_terminal_error_of_an_agent_that_is_a_tool_is_told_or_raised() -> None:
    inner = Agent(
        name="i",
        model=ScriptedModel(first_then_report(calls("fail", kind="terminal"))),
        tools=[failing_tool()],
    )
    telling = inner.as_tool("inner", "")
    raising = inner.as_tool("inner", "", failure_error_function=raise_terminal_errors)

    assert (await report_of([telling], calls("inner", input="x"))).startswith(DEFAULT_TEXT)
    with pytest.raises(HttpError, match="no way"):
        await report_of([raising], calls("inner", input="x"))


@pytest.mark.parametrize("arguments", ['{"kind": 3', '{"other": 1}', "[]", "null", '"text"', ""])
async def test_model_may_correct_its_arguments(arguments: str) -> None:
    told = await report_of([failing_tool()], calls_with("fail", arguments))

    assert "its arguments are not valid" in told


async def test_unknown_tool_ends_the_invocation() -> None:
    """The answer of the model is in the journal, so that no retry can change it."""
    with pytest.raises(HttpError, match="ModelBehaviorError: Tool nonsense not found"):
        await report_of([], calls("nonsense"))


async def test_failed_agent_in_a_tool_ends_the_agent_above() -> None:
    inner = Agent(name="inner", model=ScriptedModel(first_then_report(calls("nonsense"))))

    @durable_function_tool
    async def delegate() -> str:
        """Delegate."""
        return str((await DurableRunner.run(inner, "go")).final_output)

    with pytest.raises(HttpError, match="ModelBehaviorError: Tool nonsense not found"):
        await report_of([delegate], calls("delegate"))


async def test_error_function_of_the_user_tells_the_model() -> None:
    tool = failing_tool(failure_error_function=lambda context, error: f"sorry: {error}")

    assert await report_of([tool], calls("fail", kind="bone")) == "sorry: there is no bone"
    assert await report_of([tool], calls("fail", kind="terminal")) == "sorry: no way"


async def test_without_an_error_function_every_error_ends_the_agent() -> None:
    tool = failing_tool(failure_error_function=None)

    with pytest.raises(ValueError, match="there is no bone"):
        await report_of([tool], calls("fail", kind="bone"))
    with pytest.raises(HttpError, match="no way") as raised:
        await report_of([tool], calls("fail", kind="terminal"))
    assert raised.value.status_code == 418


async def test_tools_of_the_framework_tell_the_model() -> None:
    @function_tool(name_override="fail")
    async def fail(kind: str) -> str:
        return await failing(kind)

    assert (await report_of([fail], calls("fail", kind="terminal"))).startswith(DEFAULT_TEXT)
    assert (await report_of([fail], calls("fail", kind="bone"))).startswith(DEFAULT_TEXT)


async def test_options_of_the_framework_pass() -> None:
    @durable_function_tool(timeout=0.01, timeout_behavior="error_as_result")
    async def slow() -> str:
        """Take a while."""
        await asyncio.sleep(5)
        return "late"

    assert "timed out" in await report_of([slow], calls("slow"))


def test_descriptions_and_names() -> None:
    @durable_function_tool(name_override="other", description_override="Something else.", strict_mode=False)
    async def tool(number: int = 3) -> str:
        """Ignored."""
        return str(number)

    assert (tool.name, tool.description) == ("other", "Something else.")
    assert "required" not in tool.params_json_schema
