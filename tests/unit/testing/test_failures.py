"""A bug in a handler fails the test: at once, with the handler's own exception, and at the latest at the end."""

from __future__ import annotations

import asyncio
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.errors import UsageError
from awaken.testing import HandlerFailedError, NotThereError, open_environment

from tests.unit.testing import app, bugs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from awaken.testing import Environment

BRIEFLY = timedelta(seconds=0.05)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    bugs.ERRORS.clear()
    bugs.CALLS.clear()
    bugs.LATER.clear()


@pytest.fixture
def error() -> ValueError:
    bugs.ERRORS.append(ValueError("no such price"))
    assert isinstance(bugs.ERRORS[0], ValueError)
    return bugs.ERRORS[0]


async def play(scenario: Callable[[Environment], Awaitable[None]], **options: Any) -> None:
    async with open_environment(bugs.app, **options) as env:
        await scenario(env)


@pytest.mark.parametrize("always_replay", [False, True])
async def test_call_raises_what_its_handler_raised(error: ValueError, always_replay: bool) -> None:
    async with open_environment(bugs.app, always_replay=always_replay) as env:
        with pytest.raises(ValueError, match="no such price") as caught:
            await env.client.service_call(bugs.broken, arg=None)

    assert caught.value is error
    assert bugs.CALLS == ["broken"]
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.name) == (bugs.__file__, "broken")
    assert caught.value.__context__ is None


async def test_traceback_shows_none_of_our_lines_before_the_authors(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        with pytest.raises(ValueError, match="no such price") as caught:
            await env.client.service_call(bugs.broken_run, arg=None)

    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "charge"
    assert names[:3] == ["test_traceback_shows_none_of_our_lines_before_the_authors", "service_call", "send"]
    assert len(names) < 7
    assert caught.value.__notes__[0].startswith('raised in the run "charge" of Desk/broken_run (inv_')


async def test_attach_raises_it_also_when_it_came_before(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        sent = await env.client.service_send(bugs.broken, arg=None)
        with pytest.raises(ValueError, match="no such price"):
            await env.settle()
        with pytest.raises(ValueError, match="no such price"):
            await env.client.attach(sent.invocation_id)


async def test_called_handler_fails_the_callers_call(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        with pytest.raises(ValueError, match="no such price") as caught:
            await env.client.service_call(bugs.calls_a_caller, arg=None)

    assert "raised in Desk/broken (inv_" in caught.value.__notes__[0]


async def test_settle_and_advance_raise_it(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        await env.client.service_send(bugs.broken, arg=None)
        with pytest.raises(ValueError, match="no such price"):
            await env.settle()
        await env.client.service_send(bugs.broken, arg=None)
        with pytest.raises(ValueError, match="no such price"):
            await env.advance(days=1)


async def test_waiting_for_an_awakeable_raises_it(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        await env.client.service_send(bugs.broken, arg=None)
        with pytest.raises(ValueError, match="no such price"):
            await env.awakeable("word").resolve("yes")


async def test_end_raises_what_the_test_did_not_get(error: ValueError) -> None:
    with pytest.raises(ValueError, match="no such price") as caught:
        async with open_environment(bugs.app) as env:
            await env.client.service_send(bugs.broken, arg=None)

    assert caught.value is error


async def test_end_waits_for_runs_that_execute(error: ValueError) -> None:
    async def scenario(env: Environment) -> None:
        await env.client.service_send(bugs.broken_slowly, arg=None)
        asyncio.get_running_loop().call_later(0.05, bugs.LATER.set)

    with pytest.raises(ValueError, match="no such price"):
        await play(scenario)


async def test_end_raises_the_failure_of_a_handler_that_a_handler_sent_to(error: ValueError) -> None:
    with pytest.raises(ValueError, match="no such price"):
        async with open_environment(bugs.app) as env:
            assert await env.client.service_call(bugs.sends_broken, arg=None) == "sent"


async def test_failure_that_a_task_of_the_test_never_looked_at_is_raised(error: ValueError) -> None:
    async def scenario(env: Environment) -> None:
        call = asyncio.create_task(env.client.service_call(bugs.broken, arg=None))
        await asyncio.wait({call})

    with pytest.raises(ValueError, match="no such price"):
        await play(scenario)


async def test_failure_that_gather_returned_is_not_raised_again(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        first, second = await asyncio.gather(
            env.client.service_call(bugs.broken, arg=None),
            env.client.object_call(bugs.add, key="k", arg=1),
            return_exceptions=True,
        )
        await env.advance(hours=1)

    assert (first, second) == (error, 1)


async def test_two_that_fail_are_both_told() -> None:
    async def scenario(env: Environment) -> None:
        await env.client.object_send(bugs.add, key="a", arg=-1)
        await env.client.object_send(bugs.add, key="b", arg=-2)

    with pytest.raises(BaseExceptionGroup, match="2 failures of handlers") as caught:
        await play(scenario)

    assert sorted(map(str, caught.value.exceptions)) == ["negative: -1", "negative: -2"]


async def test_failure_does_not_hide_that_of_the_test(error: ValueError) -> None:
    async def scenario(env: Environment) -> None:
        sent = await env.client.service_send(bugs.broken, arg=None)
        while env.invocation(sent.invocation_id).status != "paused":
            await asyncio.sleep(0)
        raise AssertionError("of the test")

    with pytest.raises(AssertionError, match="of the test") as caught:
        await play(scenario)

    (note,) = caught.value.__notes__
    assert note.startswith("a handler failed as well: Desk/broken (inv_")
    assert note.endswith("failed: ValueError('no such price')")


@pytest.mark.parametrize(
    "culprit",
    [
        SystemExit(3),
        asyncio.CancelledError("stop"),
        KeyboardInterrupt(),
        BaseExceptionGroup("both", [ValueError("one"), SystemExit(3)]),
    ],
    ids=lambda culprit: type(culprit).__name__,
)
@pytest.mark.parametrize("handler", [bugs.broken, bugs.broken_run], ids=["handler", "run"])
async def test_what_would_end_the_test_run_is_wrapped(culprit: BaseException, handler: object) -> None:
    bugs.ERRORS.append(culprit)
    async with open_environment(bugs.app) as env:
        with pytest.raises(HandlerFailedError, match=type(culprit).__name__) as caught:
            await env.client.service_call(handler, arg=None)  # type: ignore[arg-type]

    assert caught.value.__cause__ is culprit


async def test_group_is_raised_as_it_is() -> None:
    bugs.ERRORS[:] = [ValueError("one")]
    async with open_environment(bugs.app) as env:
        with pytest.raises(ExceptionGroup) as caught:
            await env.client.service_call(bugs.broken_in_a_group, arg=None)

    assert caught.value.exceptions == (bugs.ERRORS[0],)


async def test_exception_without_a_repr_is_raised() -> None:
    bugs.ERRORS.append(bugs.UnprintableError())
    async with open_environment(bugs.app) as env:
        with pytest.raises(bugs.UnprintableError):
            await env.client.service_call(bugs.broken, arg=None)
        await env.client.service_send(bugs.broken, arg=None)
        with pytest.raises(bugs.UnprintableError):
            await env.settle()


async def test_error_of_httpx_in_a_handler_is_none_of_the_client() -> None:
    import httpx

    bugs.ERRORS.append(httpx.ConnectError("bank is down"))
    async with open_environment(bugs.app) as env:
        with pytest.raises(httpx.ConnectError, match="bank is down"):
            await env.client.service_call(bugs.broken, arg=None)

    assert bugs.CALLS == ["broken"]


async def test_terminal_error_is_no_bug() -> None:
    bugs.ERRORS.append(awaken.TerminalError("declined", 402))
    async with open_environment(bugs.app) as env:
        with pytest.raises(awaken.HttpError, match="declined"):
            await env.client.service_call(bugs.broken, arg=None)
        await env.client.service_send(bugs.broken, arg=None)


async def test_call_behind_a_failed_one_of_its_key_is_told(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        with pytest.raises(ValueError, match="negative: -1"):
            await env.client.object_call(bugs.add, key="k", arg=-1)
        with pytest.raises(ValueError, match="negative: -1"):
            await env.client.object_call(bugs.add, key="k", arg=1)
        assert await env.client.object_call(bugs.add, key="other", arg=1) == 1


async def test_caller_that_waits_for_a_promise_hears_of_who_should_give_it(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        call = asyncio.create_task(env.client.workflow_call(bugs.run, key="k", arg=None))
        await env.client.workflow_send(bugs.pay, key="k", arg=None)
        with pytest.raises(ValueError, match="no such price"):
            await call


async def test_failure_is_not_lost_by_a_crash(error: ValueError) -> None:
    async with open_environment(bugs.app) as env:
        sent = await env.client.service_send(bugs.broken, arg=None)
        with pytest.raises(ValueError, match="no such price"):
            await env.settle()
        await env.crash()
        with pytest.raises(ValueError, match="no such price"):
            await env.client.attach(sent.invocation_id)


# Retries that the author asked for.


async def test_retryable_error_is_retried() -> None:
    async with open_environment(bugs.app) as env:
        sent = await env.client.service_send(bugs.asks_for_retries, arg=None)
        await env.settle()
        await env.advance(seconds=20)
        assert await env.client.attach(sent.invocation_id) == "served"


async def test_run_with_a_policy_is_retried() -> None:
    async with open_environment(bugs.app) as env:
        sent = await env.client.service_send(bugs.has_a_policy, arg=None)
        await env.settle()
        await env.advance(minutes=2)
        assert await env.client.attach(sent.invocation_id) == "charged"


async def test_end_tells_of_what_backs_off_still() -> None:
    async def scenario(env: Environment) -> None:
        await env.client.service_send(bugs.asks_for_retries, arg=None)
        await env.settle()

    with pytest.raises(awaken.RetryableError, match="busy") as caught:
        await play(scenario)

    assert (
        "it backs off at the end of the test; advance the time until it has ended"
        in caught.value.__notes__[0]
    )


async def test_call_of_what_backs_off_for_long_is_told() -> None:
    async with open_environment(bugs.app, patience=BRIEFLY) as env:
        with pytest.raises(awaken.RetryableError, match="busy"):
            await env.client.service_call(bugs.asks_for_retries, arg=None)
        await env.advance(seconds=20)


async def test_retries_can_be_had_for_everything(error: ValueError) -> None:
    async with open_environment(bugs.app, retries=True) as env:
        await env.client.service_send(bugs.broken, arg=None)
        await env.settle()
        await env.advance(seconds=1)

    assert len(bugs.CALLS) > 1


async def test_retries_that_are_used_up_are_told(error: ValueError) -> None:
    async with open_environment(bugs.app, retries=True) as env:
        call = asyncio.create_task(env.client.service_call(bugs.broken, arg=None))
        with pytest.raises(ValueError, match="no such price"):
            await env.advance(days=30)
        with pytest.raises(ValueError, match="no such price"):
            await call

    assert "its retries are used up, and it is paused" in error.__notes__[0]


async def test_disabled_retries_give_callers_the_failure(error: ValueError) -> None:
    async with open_environment(bugs.app, disable_retries=True) as env:
        with pytest.raises(awaken.HttpError, match="no such price"):
            await env.client.service_call(bugs.broken, arg=None)


async def test_retries_cannot_be_both_given_and_disabled() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        async with open_environment(bugs.app, retries=True, disable_retries=True):
            pass


# Wrong use of this package, which ends the invocation.


@pytest.mark.parametrize("retries", [False, True])
@pytest.mark.parametrize("handler", [bugs.sleeps_wrongly, bugs.sleeps_in_a_run], ids=["handler", "run"])
async def test_wrong_use_is_raised_from_the_call(retries: bool, handler: Any) -> None:
    async with open_environment(bugs.app, retries=retries) as env:
        with pytest.raises(UsageError, match="sleep") as caught:
            await env.client.service_call(handler, arg=None)

    assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == bugs.__file__


async def test_wrong_use_is_raised_from_settle() -> None:
    async with open_environment(bugs.app) as env:
        await env.client.service_send(bugs.sleeps_in_a_run, arg=None)
        with pytest.raises(UsageError, match='cannot sleep inside the run "nap"'):
            await env.settle()


async def test_callers_get_wrong_use_as_an_answer_where_retries_are_disabled() -> None:
    async with open_environment(bugs.app, disable_retries=True) as env:
        with pytest.raises(awaken.HttpError, match="cannot sleep inside the run"):
            await env.client.service_call(bugs.sleeps_in_a_run, arg=None)


# Failures without an exception.


async def answer(env: Environment) -> None:
    await env.awakeable("word").resolve("yes")
    await env.settle()


@pytest.mark.parametrize("retries", [False, True])
async def test_mismatch_is_told_with_its_place(retries: bool) -> None:
    async with open_environment(bugs.app, always_replay=True, retries=retries) as env:
        sent = await env.client.service_send(bugs.depends_on_the_clock, arg=None)
        with pytest.raises(HandlerFailedError, match=r"Desk/depends_on_the_clock .*\[570\]") as caught:
            await answer(env)
        with pytest.raises(HandlerFailedError):
            await env.client.attach(sent.invocation_id)

    assert bugs.__file__ in str(caught.value)


async def test_end_tells_of_a_mismatch() -> None:
    async def scenario(env: Environment) -> None:
        await env.client.service_send(bugs.depends_on_the_clock, arg=None)
        await env.awakeable("word").resolve("yes")

    with pytest.raises(HandlerFailedError, match=r"\[570\]"):
        await play(scenario, always_replay=True)


async def test_run_that_was_never_awaited_is_told_with_its_line() -> None:
    with pytest.raises(HandlerFailedError, match=r'the run "mail" at .*bugs.py:\d+ was never awaited'):
        async with open_environment(bugs.app) as env:
            assert await env.client.service_call(bugs.forgets, arg=None) == "done"


async def test_approval_that_was_never_awaited_is_told_with_its_line() -> None:
    with pytest.raises(
        HandlerFailedError, match=r'the approval "Pay\?" at .*bugs.py:\d+ was never awaited, so nobody'
    ):
        async with open_environment(bugs.app) as env:
            assert await env.client.service_call(bugs.forgets_to_wait, arg=None) == "paid"


# Waiting for what never happens.


async def test_call_that_nobody_completes_tells_what_is_waited_for() -> None:
    async with open_environment(bugs.app, patience=BRIEFLY) as env:
        with pytest.raises(NotThereError, match=r"Desk/waits \(inv_.*\) waits for its awakeable 'word'"):
            await env.client.service_call(bugs.waits, arg=None)
        with pytest.raises(
            NotThereError, match=r"Desk/naps \(inv_.*\) waits for the time: its sleep ends in 2?3?[09]"
        ):
            await env.client.service_call(bugs.naps, arg=None)


@pytest.mark.slow
async def test_call_of_a_handler_that_never_rests_is_told() -> None:
    async with open_environment(app.app, patience=BRIEFLY) as env:
        with pytest.raises(NotThereError, match=r"What handlers are doing:\n  Desk/stuck \(inv_.*\) runs"):
            await env.client.service_call(app.stuck, arg=None)


async def test_environments_do_not_hear_of_one_another(error: ValueError) -> None:
    async with open_environment(bugs.app) as one, open_environment(bugs.app) as other:
        await other.client.service_send(bugs.broken, arg=None)
        await one.settle()
        with pytest.raises(ValueError, match="no such price"):
            await other.settle()
