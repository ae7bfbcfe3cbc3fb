"""The messages of an approval: one run for each person and message, and further tries for those that failed.

A notifier that fails does not fail the attempt. Otherwise a mail server that is down would keep the answers from the
handler, and whoever was being told at that moment would be told again. So what a run returns is whether it worked, and
a durable timer waits before the next try, while answers count as always.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal

from awaken.approvals import ApprovalLink
from awaken.approvals.people import find_among, is_group
from awaken.context.futures import RestateDurableSleepFuture
from awaken.context.side_effects import NO_OPTIONS
from awaken.diagnostics import tracebacks
from awaken.errors import TerminalError
from awaken.links import Link
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import FrameType

    from awaken.approvals import ApprovalMessage
    from awaken.context.approving.plan import Plan
    from awaken.context.side_effects import SideEffects
    from awaken.links import CallbackSettings

__all__ = ["Messages"]

log = logging.getLogger("awaken")

#: How long to wait before each further try: less than seven minutes in all.
RETRY_AFTER: Final = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))
#: How long one call of a notifier may take, in seconds. SMTP servers get as long to answer.
LONGEST_CALL_S: Final = 60
#: Messages that a coroutine function sends at the same time. A crash may repeat as many. A plain function, which runs
#: in a thread, gets one after the other, because a connection that it keeps may not be made for threads.
_AT_ONCE: Final = 10

#: Characters of the reason why a message was not sent, which goes into the journal.
_LONGEST_REASON: Final = 500
#: People whom one line of the log names.
_MOST_NAMED: Final = 10

#: What a message is about.
Kind = Literal["ask", "remind", "escalate", "decided"]


@dataclass(frozen=True, slots=True)
class _Try:
    """One attempt to send a message."""

    kind: Kind
    person: str
    #: Which message of its kind it is for this person, from 1.
    number: int
    outcome: Mapping[str, Any] | None = None
    tries: int = 1

    @property
    def run_name(self) -> str:
        name = f"{self.kind} {self.person}".rstrip()
        if self.number > 1:
            name += f" #{self.number}"
        return name if self.tries == 1 else f"{name}, try {self.tries}"


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a message was not sent: the result of its run."""

    reason: str
    #: Whether another try would not help, because the notifier raised a terminal error.
    is_final: bool = False


class Messages:
    """Sends the messages of one approval.

    Args:
        context: of the handler.
        plan: of the approval.
        awakeable_id: of its first slot.
        expires_at_ms: when links expire, in UTC milliseconds.
        notify: sends a message; None sends none.
        settings: of links.
        frame: of the handler, which error texts name.
    """

    def __init__(
        self,
        context: SideEffects,
        plan: Plan,
        awakeable_id: str,
        expires_at_ms: int,
        notify: Callable[[ApprovalMessage], Any] | None,
        settings: CallbackSettings | None,
        frame: FrameType,
    ) -> None:
        self._context = context
        self._plan = plan
        self._awakeable_id = awakeable_id
        self._expires_at_ms = expires_at_ms
        self._notify = notify
        self._settings = settings
        self._frame = frame
        self._failed: list[_Try] = []
        self._last_error = ""
        self._numbers: dict[tuple[Kind, str], int] = {}
        #: Who was told of the approval.
        self.reached: list[str] = []
        #: Why people could not be told of it; none of them will be asked again.
        self._lost: dict[str, str] = {}
        #: Whether this attempt has sent messages itself: what it replays was logged before.
        self._has_sent = False
        self._logged_lost = 0
        #: Ends when it is time for the next tries.
        self.retry: RestateDurableSleepFuture | None = None

    async def send(self, kind: Kind, people: Iterable[str], outcome: Mapping[str, Any] | None = None) -> None:
        """Send a message to each person. What fails is tried again later, unless it is about the decision."""
        tries = []
        for person in people:
            number = self._numbers[kind, person] = self._numbers.get((kind, person), 0) + 1
            tries.append(_Try(kind, person, number, outcome))
        await self._send(tries)

    async def send_again(self) -> None:
        """Try again what failed."""
        self.retry = None
        failed, self._failed = self._failed, []
        await self._send([replace(one, tries=one.tries + 1) for one in failed])

    async def _send(self, tries: list[_Try]) -> None:
        if not self._plan.is_notifying:
            return
        at_once = _AT_ONCE if _is_coroutine_function(self._notify) else 1
        for start in range(0, len(tries), at_once):
            group = tries[start : start + at_once]
            runs = [
                self._context._start_run(one.run_name, self._deliver, NO_OPTIONS, (one,), {}, self._frame)
                for one in group
            ]
            for one, problem in zip(group, await asyncio.gather(*runs), strict=True):
                self._note(one, problem)
        self._plan_retry()
        if self.is_hopeless:
            raise TerminalError(
                f'nobody could be asked "{self._plan.description.name}": {self._last_error}; see that notify of '
                "ctx.approve works, and start the handler again"
            )
        self._warn_of_lost()

    @property
    def is_hopeless(self) -> bool:
        """Whether nobody was told, and nobody will be."""
        return bool(self._last_error) and not self.reached and not self._failed

    def _note(self, one: _Try, problem: _Problem | None) -> None:
        if problem is None:
            if one.person not in self.reached:
                self.reached.append(one.person)
            self._lost.pop(one.person, None)
            return
        self._last_error = problem.reason
        if one.kind == "decided":
            return
        if one.tries <= len(RETRY_AFTER) and not problem.is_final:
            self._failed.append(one)
        elif one.person not in self.reached:
            self._lost[one.person] = problem.reason

    def _warn_of_lost(self) -> None:
        """Log, once, that too few could be told of an approval, which people can still answer in the inbox."""
        has_sent, self._has_sent = self._has_sent, False
        if not has_sent or len(self._lost) == self._logged_lost:
            return
        facts = self._plan.facts
        possible = [
            one for one in facts.people() if find_among(one, (), (*facts.not_by, *self._lost)) is None
        ]
        if len(possible) >= facts.quorum or any(map(is_group, possible)):
            return
        self._logged_lost = len(self._lost)
        names = [f"{person} ({reason})" for person, reason in islice(self._lost.items(), _MOST_NAMED)]
        more = len(self._lost) - len(names)
        log.error(
            '%s (%s): approval "%s" needs %d approvals, and too few people could be told of it: %s%s could not be '
            "reached. It waits until it expires; who sees it in the inbox can answer there. Tell them, or correct "
            "the addresses, cancel the invocation and start it again",
            self._context._driver.target,
            self._context._driver.machine.invocation_id,
            self._plan.description.name,
            facts.quorum,
            ", ".join(names),
            f" and {more} more" if more else "",
        )

    def _plan_retry(self) -> None:
        if not self._failed or self.retry is not None:
            return
        after = RETRY_AFTER[min(one.tries for one in self._failed) - 1]
        wake_up = time_limits.moment_after(after, "the time before the next try")
        name = f"before messages are sent again: {self._plan.description.name}"
        self.retry = RestateDurableSleepFuture.start(self._context._driver, wake_up, name)

    async def _deliver(self, one: _Try) -> _Problem | None:
        """Send a message; return why that failed. It is the action of a run."""
        notify, settings = self._notify, self._settings
        if notify is None or settings is None:
            return _Problem("notify is None in this version of the handler", is_final=True)
        self._has_sent = True
        limit = asyncio.timeout(LONGEST_CALL_S)
        try:
            async with limit:
                await _call(notify, self._compose(one, settings))
        except Exception as error:
            is_final = isinstance(error, TerminalError)
            tracebacks.log_warning(
                log,
                '%s: message "%s" of approval "%s" was not sent (try %d of %d)',
                self._context._driver.target,
                one.run_name,
                self._plan.description.name,
                one.tries,
                one.tries if is_final or one.kind == "decided" else 1 + len(RETRY_AFTER),
                error=error,
            )
            took_too_long = f"notify took longer than {LONGEST_CALL_S} s"
            return _Problem(took_too_long if limit.expired() else _describe(error), is_final)
        return None

    def _compose(self, one: _Try, settings: CallbackSettings) -> ApprovalMessage:
        from awaken.messages import compose_message  # it needs a template engine

        return compose_message(
            one.kind,
            name=self._plan.description.name,
            facts=self._plan.facts,
            document=self._plan.document,
            link=self._link_of(one.person, settings),
            number=one.number,
            outcome=one.outcome,
        )

    def _link_of(self, person: str, settings: CallbackSettings) -> ApprovalLink:
        description = self._plan.description
        link = Link(
            self._awakeable_id,
            description.name,
            description.type_name,
            self._expires_at_ms,
            description.is_encoded,
            is_approval=True,
            person=person,
        )
        return ApprovalLink(settings.url_of(link), self._awakeable_id, person, self._expires_at_ms)


def _describe(error: Exception) -> str:
    text = error.message if isinstance(error, TerminalError) else f"{type(error).__name__}: {error}"
    return text[:_LONGEST_REASON]


def _is_coroutine_function(notify: Callable[[ApprovalMessage], Any] | None) -> bool:
    """Return whether a notifier is a coroutine function, or an object that is called like one."""
    if notify is None:
        return False
    return inspect.iscoroutinefunction(notify) or inspect.iscoroutinefunction(type(notify).__call__)


async def _call(notify: Callable[[Any], Any], message: ApprovalMessage) -> None:
    """Call a notifier; one that is no coroutine function in a thread, as the action of a run."""
    if _is_coroutine_function(notify):
        await notify(message)
        return
    variables = copy_context()

    def call() -> Any:
        try:
            return variables.run(notify, message)
        except StopIteration as error:  # a future cannot hold it
            raise RuntimeError(f"{notify!r} raised StopIteration") from error

    returned = await asyncio.get_running_loop().run_in_executor(None, call)
    if inspect.isawaitable(returned):
        await returned
