"""The approvals that handlers under test wait for, answered through the same door as that of the inbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import Refusal, Via, describe_refusal
from awaken.control.answering import Answerer, answer_question
from awaken.control.operations import Failure
from awaken.outcomes import describe_outcome
from awaken.runtime.errors import RuntimeClosedError
from awaken.serde import DefaultSerde
from awaken.testing.errors import AnswerRefusedError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from awaken.control.answering import AnswerOutcome
    from awaken.control.operations import AwakeableView
    from awaken.runtime.runtime import Runtime

__all__ = ["ApprovalUnderTest", "Approvals"]

#: How often to look for an approval.
_GLANCE_S: Final = 0.01
#: Approvals of one test.
_MOST: Final = 1000


class Approvals:
    """Finds the approvals that handlers wait for.

    Args:
        runtime: returns the current runtime.
        restarted: waits while the runtime is between a crash and its next start, when it cannot be asked.
        check: raises what the test should see instead of waiting longer.
        describe: returns what handlers are doing, for people.
        now_ms: returns the time of the test, in UTC milliseconds.
        patience_s: seconds to wait for a handler to ask.
    """

    def __init__(
        self,
        runtime: Callable[[], Runtime],
        restarted: Callable[[], Awaitable[None]],
        check: Callable[[], None],
        describe: Callable[[], str],
        now_ms: Callable[[], int],
        patience_s: float,
    ) -> None:
        self._runtime = runtime
        self._restarted = restarted
        self._check = check
        self._describe = describe
        self._now_ms = now_ms
        self._patience_s = patience_s

    async def wait_for(self, name: str | None, invocation_id: str | None) -> AwakeableView:
        """Wait until a handler waits for exactly one approval that fits.

        Raises:
            NotThereError: no handler asks, or several approvals fit.
            Exception: what a handler raised instead.
        """
        __tracebackhide__ = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        while True:
            pending = await self._pending()
            found = [
                one
                for one in pending
                if name in (None, one.name) and invocation_id in (None, one.invocation_id)
            ]
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(f"{one.name!r} of {one.invocation_id}" for one in found)
                raise NotThereError(
                    f"{len(found)} pending approvals fit: {ids}; give a question, or invocation_id="
                )
            self._check()
            if loop.time() > deadline:
                wanted = "an approval" if name is None else f"the approval {name!r}"
                names = ", ".join(repr(one.name) for one in pending) or "none"
                raise NotThereError(
                    f"no handler waits for {wanted} within {self._patience_s:g} s; pending are: {names}. Names are the "
                    f"questions of ctx.approve. What handlers are doing:{self._describe()}"
                )
            await asyncio.sleep(_GLANCE_S)

    async def answer(
        self,
        name: str | None,
        invocation_id: str | None,
        result: bytes | Failure,
        by: str | None,
        groups: Sequence[str],
    ) -> None:
        """Answer an approval once a handler waits for it. Raises as `wait_for`.

        Raises:
            AnswerRefusedError: the answer does not count.
            InvalidAnswerError: it is not of the type that the handler asked for.
        """
        __tracebackhide__ = True
        view, is_repeated = await self.wait_for(name, invocation_id), False
        while True:
            await self._restarted()
            answerer = Answerer(by, tuple(groups), Via.INBOX, self._now_ms())
            try:
                outcome = await answer_question(self._runtime(), view.question_id, result, answerer)
                break
            except RuntimeClosedError:  # it crashed: the answer may be there, or not
                is_repeated = True
        if not outcome.is_applied and not (is_repeated and _was_it(outcome, by)):
            raise AnswerRefusedError(_describe_refusal(outcome, view, by), outcome.refusal)

    async def _pending(self) -> list[AwakeableView]:
        while True:
            await self._restarted()
            try:
                page = await self._runtime().awakeables(limit=_MOST)
            except RuntimeClosedError:
                continue
            return [one for one in page.awakeables if one.approval is not None]


class ApprovalUnderTest:
    """An approval that a handler asks for sooner or later; see `Environment.approval`."""

    def __init__(self, approvals: Approvals, name: str | None, invocation_id: str | None) -> None:
        self._approvals = approvals
        self._name = name
        self._invocation_id = invocation_id

    async def id(self) -> str:
        """Wait until a handler waits for it, and return the id of its first awakeable.

        Raises:
            NotThereError: no handler asks, or several approvals fit.
            Exception: what a handler raised instead.
        """
        __tracebackhide__ = True
        return (await self._approvals.wait_for(self._name, self._invocation_id)).question_id

    async def answer(self, value: Any, *, by: str | None = None, groups: Sequence[str] = ()) -> None:
        """Wait for it, and answer as a person would in the inbox.

        Args:
            value: the answer, such as `awaken.Approval(True)`.
            by: who answers; None for somebody unknown.
            groups: that the person belongs to, such as `finance`.

        Raises:
            AnswerRefusedError: the answer does not count: the person was not asked, has answered already, and so on.
            InvalidAnswerError: it is not of the type that the handler asked for.
            NotThereError: as `id`.
            Exception: as `id`.
        """
        __tracebackhide__ = True
        written = DefaultSerde[Any]().serialize(value) or b"null"
        await self._approvals.answer(self._name, self._invocation_id, written, by, groups)

    async def reject(self, reason: str = "", *, by: str | None = None, groups: Sequence[str] = ()) -> None:
        """Wait for it, and reject it without an answer. Arguments and errors as of `answer`."""
        __tracebackhide__ = True
        await self._approvals.answer(self._name, self._invocation_id, Failure(500, reason), by, groups)


def _was_it(outcome: AnswerOutcome, by: str | None) -> bool:
    """Return whether an answer that is refused was there before, because it was given a second time."""
    if outcome.refusal is Refusal.TWICE:
        return True
    return outcome.is_decided and outcome.first is not None and outcome.first.by == by


def _describe_refusal(outcome: AnswerOutcome, view: AwakeableView, by: str | None) -> str:
    if outcome.refusal is not None:
        reason = describe_refusal(outcome.refusal, by)
    elif outcome.outcome is not None:
        reason = describe_outcome(outcome.outcome, view.question_id)
    else:
        reason = "it was not taken"
    first = "" if outcome.first is None else f", by {outcome.first.by or 'somebody unknown'}"
    return f"the answer of {by or 'somebody unknown'} to {view.name!r} does not count: {reason}{first}"
