"""The course of an approval: it begins, people are asked, answers and moments arrive, it ends.

Theory of operation. The awakeables of an approval, its slots, are made at once, before anything is awaited, because
their signals have to be in a row also when the handler asks for several approvals at the same time. The run after
them has the plan as its value (`plan.py`); everything from there on follows the plan and results of the journal. Only
what is next is awaited: the next slot, the next moment of the plan, the next tries of failed messages, and the expiry.
"""

from __future__ import annotations

import asyncio
import logging
import reprlib
from typing import TYPE_CHECKING, Any, Final

from awaken import links
from awaken._core import parse_awakeable_id
from awaken.approvals import Answered, Tally, Verdict, read_answered, tally
from awaken.approvals.document import document_name
from awaken.approvals.people import find_among, same_person
from awaken.context.approving import outcome
from awaken.context.approving.messages import Messages
from awaken.context.approving.plan import Plan, make_plan
from awaken.context.futures import RestateDurableFuture, RestateDurableSleepFuture
from awaken.context.side_effects import AS_BYTES
from awaken.errors import InvocationCancelledError, RetryableError, SerdeError, TerminalError
from awaken.links.description import describe_callback
from awaken.serde import BytesSerde
from awaken.timing import wall_clock

if TYPE_CHECKING:
    from types import FrameType

    from awaken.context.approving.arguments import Arguments
    from awaken.context.side_effects import SideEffects

__all__ = ["ask"]

log = logging.getLogger("awaken")

#: Values that this process warned of, by invocation, signal and text: every attempt reads them again.
_warned: Final[set[tuple[str, int, str]]] = set()
_MOST_WARNED: Final = 1000


async def ask(context: SideEffects, given: Arguments, frame: FrameType) -> Verdict[Any]:
    """Ask people, and return what they decide; `ctx.approve` describes it.

    Args:
        context: of the handler.
        given: the arguments.
        frame: of the handler, which error texts name.
    """
    driver = context._driver
    is_replaying = driver.machine.is_replaying()
    plan = make_plan(
        given, is_encoded=driver.is_encoding, now_ms=wall_clock.now_ms(), is_replaying=is_replaying
    )
    settings = None if given.notify is None else links.current_settings()
    slots = [driver.issue("create an approval").awakeable() for _ in range(plan.facts.slots)]
    awakeable_id = slots[0][0]
    plan = plan.at(parse_awakeable_id(awakeable_id).index)

    async def write() -> bytes:
        return plan.write()

    name = document_name(plan.description.index)
    recorded = Plan.read(await context._start_run(name, write, AS_BYTES, (), {}, frame))
    if recorded.facts.slots != len(slots):
        raise RetryableError(
            f'approval "{given.question}" of {driver.target} began with room for {recorded.facts.slots} answers, and '
            f"this version of the handler would make room for {len(slots)}, because quorum or rejections changed; "
            "register the changed handler as a new deployment",
            status_code=570,
        )
    entry = describe_callback(recorded.description)
    handle, expires_at_ms = driver.issue("create an approval").timer(recorded.expires_at_ms, entry)
    subject = f'approval "{recorded.description.name}"'
    expiry = RestateDurableSleepFuture(driver, handle, None, subject)
    messages = Messages(context, recorded, awakeable_id, expires_at_ms, given.notify, settings, frame)
    asking = _Asking(context, recorded, given.answer, [slot for _, slot in slots], expiry, messages)
    result = await asking.until_decided()
    decisive = result.decisive
    if decisive is not None:
        await messages.send("decided", messages.reached, outcome.describe_outcome(result, decisive))
        return outcome.decided_verdict(recorded, result, decisive, given.answer)
    await messages.send("decided", messages.reached, outcome.expired_outcome(expires_at_ms))
    return outcome.expired_verdict(recorded, result, given.answer, given.on_expiry, expires_at_ms)


class _Asking:
    """One approval while it is open."""

    def __init__(
        self,
        context: SideEffects,
        plan: Plan,
        annotation: Any,
        slots: list[int],
        expiry: RestateDurableSleepFuture,
        messages: Messages,
    ) -> None:
        self._context = context
        self._plan = plan
        self._facts = plan.facts
        self._annotation = annotation
        self._slots = slots
        self._expiry = expiry
        self._messages = messages
        self._answers: list[Answered] = []
        self._asked = list(plan.facts.approvers) or [""]
        #: What happens when, if nobody decides before: people who are asked then, nobody for a reminder.
        self._moments = sorted(
            [(one.at_ms, one.people) for one in plan.facts.escalations]
            + ([(at_ms, ()) for at_ms in plan.reminders] if plan.is_notifying else [])
        )
        self._moment: RestateDurableSleepFuture | None = None

    async def until_decided(self) -> Tally:
        """Ask, and wait for a decision or the expiry. Return what the answers came to."""
        await self._messages.send("ask", self._able(self._asked))
        result = Tally()
        used = 0
        slot: RestateDurableFuture[bytes] | None = None
        while not result.is_decided:
            if used == len(self._slots):
                raise TerminalError(
                    f'approval "{self._plan.description.name}" got {used} values, of which {len(result.counted)} '
                    "count as answers, and has room for no more; resolve approvals through links, the inbox or "
                    "chats, which refuse other values"
                )
            if slot is None:
                slot = self._future_of(self._slots[used])
            self._start_moment()
            awaited = (slot, self._moment, self._messages.retry, self._expiry)
            await asyncio.wait(
                [one for one in awaited if one is not None], return_when=asyncio.FIRST_COMPLETED
            )
            if slot.done():
                self._take(used, slot)
                used, slot = used + 1, None
                result = tally(self._facts, self._answers)
            elif self._moment is not None and self._moment.done():
                self._moment.result()
                self._moment = None
                await self._pass_moment(result)
            elif self._messages.retry is not None and self._messages.retry.done():
                self._messages.retry.result()
                await self._messages.send_again()
            else:
                self._expiry.result()
                return result
        return result

    def _future_of(self, handle: int) -> RestateDurableFuture[bytes]:
        subject = f'approval "{self._plan.description.name}"'
        return RestateDurableFuture(self._context._driver, handle, BytesSerde(), subject)

    def _able(self, people: list[str]) -> list[str]:
        return [one for one in people if find_among(one, (), self._facts.not_by) is None]

    def _start_moment(self) -> None:
        if self._moment is None and self._moments:
            at_ms, people = self._moments[0]
            name = f"before {_sum_up(people)} asked" if people else "before the reminder"
            self._moment = RestateDurableSleepFuture.start(self._context._driver, at_ms, name)

    async def _pass_moment(self, result: Tally) -> None:
        _, people = self._moments.pop(0)
        if people:
            new = [one for one in people if find_among(one, (), self._asked) is None]
            self._asked += new
            await self._messages.send("escalate", self._able(new))
            return
        await self._messages.send("remind", self._silent(result))

    def _silent(self, result: Tally) -> list[str]:
        """Return who was asked and has not answered, and groups of which others have to answer as well."""
        able = self._able(self._asked)
        silent = [one for one in able if not _has_answered(one, result)]
        if len(silent) >= self._facts.quorum - result.approvals:
            return silent
        by = [answered.by for answered in result.counted]
        return [one for one in able if one in silent or not any(same_person(one, name) for name in by)]

    def _take(self, number: int, slot: RestateDurableFuture[bytes]) -> None:
        """Keep the answer in a slot, 0 for the first, unless it is of another type."""
        try:
            value = slot.result()
        except InvocationCancelledError:
            raise
        except TerminalError as error:
            self._answers.append(Answered(None, error.message))
            return
        answered = read_answered(value)
        try:
            outcome.read_answer(answered, self._annotation)
        except SerdeError as error:
            self._warn(number, value, error)
            return
        self._answers.append(answered)

    def _warn(self, number: int, value: bytes, error: SerdeError) -> None:
        driver = self._context._driver
        warning = (driver.machine.invocation_id, self._plan.description.index + number, str(error))
        if warning in _warned:
            return
        if len(_warned) >= _MOST_WARNED:
            _warned.clear()
        _warned.add(warning)
        shown = "encoded" if self._plan.description.is_encoded else reprlib.repr(value)
        log.warning(
            '%s (%s): a value for approval "%s" does not count, because it is no answer: %s. It is %s. Answers through '
            "links, the inbox or chats are checked before they arrive",
            driver.target,
            driver.machine.invocation_id,
            self._plan.description.name,
            error,
            shown,
        )


def _sum_up(people: tuple[str, ...]) -> str:
    return f"{people[0]} is" if len(people) == 1 else f"{len(people)} others are"


def _has_answered(person: str, result: Tally) -> bool:
    return any(find_among(one.by, one.groups, [person]) is not None for one in result.counted)
