"""Approvals beside other things that handlers do: timeouts, tasks, awakeables, state, cancellation, many at once."""

from __future__ import annotations

import asyncio
import io
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.serde.schema import schema_for
from awaken.testing import open_environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

YES = awaken.Approval(True)


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links.test", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)


async def test_timeout_around_it_leaves_the_rest_of_the_handler_alone() -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> list[str | None]:
        try:
            async with ctx.timeout(timedelta(hours=1)):
                await ctx.approve("first?", approvers=["ann"])
        except TimeoutError:
            second = await ctx.approve("second?", approvers=["bob"])
            value: str = await ctx.awakeable(type_hint=str, name="plain")
            return ["timeout", second.by, value]
        return []

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        await env.advance(hours=2)
        await env.approval("second?").answer(YES, by="bob")
        await env.awakeable("plain").resolve("done")

        assert await env.client.attach(sent.invocation_id, type_hint=list[str]) == ["timeout", "bob", "done"]


async def test_tasks_ask_at_the_same_time_and_one_failure_ends_the_group() -> None:
    service = awaken.Service("Beside")
    told: list[str] = []

    async def notify(message: awaken.ApprovalMessage) -> None:
        told.append(f"{message.kind} {message.person}")

    @service.handler()
    async def handler(ctx: awaken.Context) -> str:
        try:
            async with asyncio.TaskGroup() as group:
                for person in ("ann", "bob"):
                    group.create_task(
                        ctx.approve(f"{person}?", answer=str, approvers=[person], notify=notify)
                    )
        except ExceptionGroup as errors:
            return str(errors.exceptions[0])
        return "all"

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        await env.approval("bob?").reject("no", by="bob")

        assert await env.client.attach(sent.invocation_id, type_hint=str) == 'bob rejected "bob?": no'

    assert sorted(told) == ["ask ann", "ask bob", "decided bob"]


async def test_objects_and_workflows_ask() -> None:
    cart, signup = awaken.VirtualObject("BesideCart"), awaken.Workflow("BesideSignup")

    @cart.handler(kind="shared")
    async def share(ctx: awaken.ObjectSharedContext) -> bool:
        return (await ctx.approve("share?")).approved

    @signup.main()
    async def run(ctx: awaken.WorkflowContext) -> bool:
        verdict = await ctx.approve("sign?")
        ctx.set("by", verdict.by)
        return verdict.approved

    async with open_environment(awaken.app([cart, signup])) as env:
        shared = await env.client.object_send(share, "a", None)
        signed = await env.client.workflow_send(run, "b", None)
        await env.approval("share?").answer(YES, by="ann")
        await env.approval("sign?").answer(awaken.Approval(False), by="ann")

        assert await env.client.attach(shared.invocation_id, type_hint=bool) is True
        assert await env.client.attach(signed.invocation_id, type_hint=bool) is False
        assert env.state("BesideSignup", "b") == {"by": "ann"}


async def test_handler_may_go_on_after_a_cancellation() -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> str:
        try:
            await ctx.approve("first?")
        except awaken.TerminalError as error:
            if error.status_code != 409:
                raise
        verdict = await ctx.approve("undo?")
        return f"undone by {verdict.by}"

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        await env.settle()
        await env.embedded.runtime.cancel(sent.invocation_id)
        await env.approval("undo?").answer(YES, by="ann")

        assert await env.client.attach(sent.invocation_id, type_hint=str) == "undone by ann"


async def test_cancellation_while_people_are_asked() -> None:
    service = awaken.Service("Beside")
    begun = asyncio.Event()

    async def notify(message: awaken.ApprovalMessage) -> None:
        begun.set()
        await asyncio.sleep(0.2)

    @service.handler()
    async def handler(ctx: awaken.Context) -> None:
        await ctx.approve("first?", approvers=["ann", "bob"], notify=notify)

    async with open_environment(service) as env:
        sent = await env.client.service_send(handler, None)
        await begun.wait()
        await env.embedded.runtime.cancel(sent.invocation_id)
        with pytest.raises(awaken.HttpError) as caught:
            await env.client.attach(sent.invocation_id)

    assert caught.value.status_code == 409


async def test_mistake_that_a_handler_catches_is_one_in_every_replay() -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> str:
        try:
            await ctx.approve("first?", approvers=["ann"], not_by=["ann"])
        except awaken.TerminalError as error:
            await ctx.sleep(60)
            return error.message
        return ""

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        await env.advance(minutes=2)

        assert "0 can answer" in await env.client.attach(sent.invocation_id, type_hint=str)


@pytest.mark.slow
async def test_two_hundred_wait_at_once_and_replay_quickly() -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context, number: int) -> str | None:
        return (await ctx.approve(f"question {number}?", approvers=["group:finance"], quorum=3)).by

    async with open_environment(service, always_replay=True) as env:
        sent = [await env.client.service_send(handler, number) for number in range(200)]
        await env.settle()
        begun = time.monotonic()
        for number in (0, 100, 199):
            for person in ("ann", "bob", "eve"):
                await env.approval(f"question {number}?").answer(YES, by=person, groups=["finance"])
        took_s = time.monotonic() - begun

        assert await env.client.attach(sent[100].invocation_id, type_hint=str) == "eve"

    assert took_s < 20


def _answer_of_a_coroutine(ctx: awaken.Context) -> object:
    return ctx.approve("Pay?").approved  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "use",
    [
        lambda ctx: "yes" if ctx.approve("Pay?") else "no",
        lambda ctx: not ctx.approve("Pay?"),
        _answer_of_a_coroutine,
        lambda ctx: ctx.approve("Pay?")["approved"],
        lambda ctx: ctx.approve("Pay?"),
    ],
    ids=["if", "not", "attribute", "item", "result"],
)
async def test_forgotten_await_approves_nothing(use: Callable[[awaken.Context], object]) -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> object:
        return use(ctx)

    async with open_environment(service) as env:
        with pytest.raises(awaken.TerminalError, match="write `await` before the call that returned it"):
            await env.client.service_call(handler, None)


def _misuse(task: asyncio.Task[Any], approval: Any) -> object:
    with pytest.raises(awaken.TerminalError):
        bool(approval)
    return None


@pytest.mark.parametrize(
    "look",
    [
        lambda task, _: repr(task),
        lambda task, _: task.get_stack(),
        lambda task, _: task.print_stack(file=io.StringIO()),
        lambda _, approval: hasattr(approval, "gi_running"),
        _misuse,
    ],
    ids=["repr", "stack", "print", "attribute", "misuse"],
)
async def test_looking_at_a_task_does_not_end_it(look: Callable[[Any, Any], object]) -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> bool:
        approval = ctx.approve("Pay?")
        task = asyncio.create_task(approval)
        await asyncio.sleep(0)
        look(task, approval)
        assert "ask" in repr(task)
        return bool(await task)

    async with open_environment(service) as env:
        sent = await env.client.service_send(handler, None)
        await env.approval("Pay?").answer(YES, by="ann")

        assert await env.client.attach(sent.invocation_id, type_hint=bool)


async def _within(ctx: awaken.Context) -> object:
    async with asyncio.timeout(60):
        return await ctx.approve("Pay?")


async def _in_a_group(ctx: awaken.Context) -> object:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ctx.approve("Pay?"))
    return task.result()


async def _later(ctx: awaken.Context) -> object:
    approval = ctx.approve("Pay?")
    await ctx.run_typed("look", int)
    return await approval


async def _in_a_task(ctx: awaken.Context) -> object:
    task = asyncio.create_task(ctx.approve("Pay?"))
    assert "Context.approve" in repr(task)
    await ctx.run_typed("look", int)
    return await task


async def _gathered(ctx: awaken.Context) -> object:
    verdict, _ = await asyncio.gather(ctx.approve("Pay?"), ctx.run_typed("look", int))
    return verdict


async def _delegated(ctx: awaken.Context) -> object:
    return await asyncio.wait_for(asyncio.shield(ctx.approve("Pay?")), 60)


async def _left(ctx: awaken.Context) -> object:
    """Nobody waits for the answer of a task that goes on while the handler does."""
    tasks = {asyncio.create_task(ctx.approve("Pay?"))}
    assert tasks
    return await ctx.wait_for_callback(lambda link: None, bool, name="sign", expires_in=5)


@pytest.mark.parametrize("ask", [_within, _in_a_group, _later, _in_a_task, _gathered, _delegated, _left])
async def test_every_way_to_wait_is_an_await(
    ask: Callable[[awaken.Context], Awaitable[object]], recwarn: pytest.WarningsRecorder
) -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> bool:
        try:
            return bool(await ask(ctx))
        except TimeoutError:
            return True

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        if ask is _left:
            await env.settle()
            await env.advance(seconds=6)
        else:
            await env.approval("Pay?").answer(YES, by="ann")

        assert await env.client.attach(sent.invocation_id, type_hint=bool)

    assert [str(one.message) for one in recwarn] == []


async def test_verdict_is_a_result_and_a_state() -> None:
    service = awaken.VirtualObject("BesideVerdicts")

    @service.handler()
    async def handler(ctx: awaken.ObjectContext) -> awaken.Verdict[awaken.Approval]:
        ctx.set("verdict", await ctx.approve("Pay?", approvers=["ann"]))
        kept = await ctx.get("verdict", type_hint=awaken.Verdict[awaken.Approval])
        assert kept is not None
        return kept

    async with open_environment(service) as env:
        sent = await env.client.object_send(handler, "a", None)
        await env.approval("Pay?").answer(awaken.Approval(True, "fine"), by="ann")
        verdict = await env.client.attach(sent.invocation_id, type_hint=awaken.Verdict[awaken.Approval])

    assert (verdict.approved, verdict.answer, verdict.by, verdict.via) == (
        True,
        awaken.Approval(True, "fine"),
        "ann",
        "inbox",
    )
    assert verdict.at is not None
    assert verdict.at.tzinfo is not None
    assert verdict.answers[0].by == "ann"


@pytest.mark.parametrize(
    "kind",
    [awaken.Approval, awaken.ApprovalMessage, awaken.CallbackLink, awaken.Verdict[awaken.Approval]],
    ids=str,
)
def test_public_types_have_schemas(kind: Any) -> None:
    assert schema_for(kind)


async def test_asyncio_takes_it_as_a_coroutine() -> None:
    service = awaken.Service("Beside")

    @service.handler()
    async def handler(ctx: awaken.Context) -> list[bool]:
        task = asyncio.create_task(ctx.approve("first?"))
        others = await asyncio.gather(ctx.approve("second?"), asyncio.shield(ctx.approve("third?")))
        last = await asyncio.wait_for(ctx.approve("fourth?"), None)
        return [verdict.approved for verdict in (await task, *others, last)]

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        for question in ("first?", "third?", "second?", "fourth?"):
            await env.approval(question).answer(YES, by="ann")

        assert await env.client.attach(sent.invocation_id, type_hint=list[bool]) == [True] * 4
