"""A result that is tested for its truth without `await` is always true. Development mode says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.testing import DevelopmentWarning, open_environment

if TYPE_CHECKING:
    from collections.abc import Callable

flow = awaken.Workflow("Flow")
tested: dict[str, Callable[[awaken.WorkflowContext], Any]] = {}


@flow.main()
async def run(ctx: awaken.WorkflowContext) -> str:
    return "yes" if tested["now"](ctx) else "no"


async def answer(monkeypatch: pytest.MonkeyPatch, test: Callable[[awaken.WorkflowContext], Any]) -> str:
    monkeypatch.setitem(tested, "now", test)
    async with open_environment(awaken.app([flow])) as env:
        return await env.client.workflow_call(run, "key", None)


FORGOTTEN: dict[str, Callable[[awaken.WorkflowContext], Any]] = {
    "awakeable": lambda ctx: ctx.awakeable(type_hint=bool),
    'promise "decision"': lambda ctx: ctx.promise("decision", type_hint=bool),
    'state "paid"': lambda ctx: ctx.get("paid", type_hint=bool),
    "sleep": lambda ctx: ctx.sleep(timedelta(0)),
}


@pytest.mark.parametrize("subject", FORGOTTEN)
async def test_truth_of_a_result_that_was_not_awaited_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    with pytest.warns(DevelopmentWarning) as warned:
        assert await answer(monkeypatch, FORGOTTEN[subject]) == "yes"

    (text,) = (str(one.message) for one in warned)
    assert text.startswith(f"{__file__}:")
    assert "is always true: " in text
    assert subject in text
    assert "Write `await` before the call that returned it" in text


async def test_whether_there_is_a_result_at_all_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await answer(monkeypatch, lambda ctx: ctx.awakeable(type_hint=bool) is not None) == "yes"
