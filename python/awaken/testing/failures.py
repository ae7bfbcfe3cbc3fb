"""Failures of handlers, and how they reach the test.

The endpoint, which is in the test's process, reports the exception (`Failures.note_failure`). The runtime then asks
what to do with the attempt (`judge`), and reports what it did once that is on disk (`note`). A failure that is not
retried is raised in the test: where a caller waits for the invocation, in anything else the test waits for, or at the
latest at the end of the environment. A failure that the test has received is not raised again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from awaken.diagnostics import tracebacks
from awaken.endpoint import error_fields
from awaken.runtime.events import EventKind
from awaken.testing.errors import HandlerFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awaken.context.probe import AttemptFailed, LostWork
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.events import Event

__all__ = ["FailureHandling", "Failures", "GivenUp", "HandlerFailure"]

#: Code of a journal mismatch, which no retry can fix.
_MISMATCH: Final = 570


class FailureHandling(Enum):
    """What happens after a failed attempt."""

    #: It is not retried, unless the handler asks for that, and its failure is raised in the test.
    RAISE = "raise"
    #: The runtime retries it; only failures that no retry can fix are raised in the test.
    RETRY = "retry"
    #: The invocation ends; only failures that no retry can fix are raised in the test.
    END = "end"
    #: The runtime decides, and nothing is raised in the test, as with the official harness.
    LOOK_ON = "look on"


class GivenUp(BaseException):
    """Unwinds the request of a caller whose invocation cannot continue.

    It is no `Exception`, since the ingress turns each of those into a response.
    """

    def __init__(self, failure: HandlerFailure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class HandlerFailure:
    """A failure of a handler that has to be raised in the test.

    Args:
        where: the handler, its invocation, and the run if one failed.
        text: what happened.
        error: the exception, if it is known.
        advice: what the author of the test can do.
    """

    def __init__(self, where: str, text: str, error: BaseException | None = None, advice: str = "") -> None:
        self.where = where
        self.text = text
        self._error = error
        self._advice = advice
        self._traceback = None if error is None else tracebacks.authored(error.__traceback__)
        self._is_noted = False
        self._receivers: list[asyncio.Task[Any]] = []

    @property
    def is_received(self) -> bool:
        """Whether the test received it: raised in a task that still runs, or whose exception was retrieved."""
        return not all(map(_is_unseen, self._receivers))

    def take(self) -> BaseException:
        """Return the exception to raise in the current task."""
        task = asyncio.current_task()
        if task is not None:
            self._receivers.append(task)
        return self.exception()

    def exception(self) -> BaseException:
        """Return the handler's own exception, without our frames, or one that wraps it if raising it would do harm."""
        for task in self._receivers:
            if _is_unseen(task):
                task.exception()  # mark it as retrieved, so that asyncio does not log it
        error = self._error
        if not isinstance(error, Exception):
            wrapped = HandlerFailedError(f"{self}; {self._advice}" if self._advice else str(self))
            wrapped.__cause__ = error
            return wrapped
        if not self._is_noted:
            self._is_noted = True
            with contextlib.suppress(Exception):  # some exceptions are frozen
                error.add_note(f"raised in {self.where}" + (f"; {self._advice}" if self._advice else ""))
        return error.with_traceback(self._traceback)

    def __str__(self) -> str:
        return f"{self.where} failed: {self.text}"


class Failures:
    """The failures in one environment's runtime, for which it is `Supervisor` and `Observer`.

    Args:
        fetch: queries the runtime's tables.
        review: makes waiting callers check `error_for`.
        handling: what happens after a failed attempt.
    """

    def __init__(
        self,
        fetch: Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]],
        review: Callable[[], None],
        handling: FailureHandling,
    ) -> None:
        #: Counts everything that happens, except repeated attempts.
        self.moves = 0
        self._fetch = fetch
        self._review = review
        self._handling = handling
        self._known: set[str] = set()
        self._thread = threading.get_ident()
        #: By invocation: what the endpoint reported, until the runtime has asked about it, and from then on.
        self._raised: dict[str, AttemptFailed] = {}
        self._judged: dict[str, AttemptFailed | None] = {}
        self._all: list[HandlerFailure] = []
        #: By invocation: a failure that ended it or one of its runs, and that no retry can fix.
        self._mistakes: dict[str, HandlerFailure] = {}
        self._stuck: dict[str, HandlerFailure] = {}
        self._backing_off: dict[str, HandlerFailure] = {}

    # Called by the endpoint, also from another environment's thread: then the invocation is not known here.

    def note_failure(self, failed: AttemptFailed) -> None:
        """Keep an exception that a handler or a run raised."""
        if not self.is_known(failed.invocation_id):
            return
        if not failed.is_final:
            self._raised[failed.invocation_id] = failed
        elif self._handling is not FailureHandling.END and failed.invocation_id not in self._mistakes:
            where = self._target_of(failed.invocation_id)
            failure = HandlerFailure(_place(where, failed), error_fields.describe(failed.error), failed.error)
            self._mistakes[failed.invocation_id] = failure
            self._all.append(failure)

    def note_lost(self, lost: LostWork) -> None:
        """Note what was never awaited."""
        if self.is_known(lost.invocation_id):
            self._all.append(HandlerFailure(f"{lost.target} ({lost.invocation_id})", str(lost)))

    # Called by the runtime.

    def judge(self, invocation_id: str, failure: AttemptFailure) -> AttemptFailure:
        """Pause an invocation instead of retrying it if the failure is a bug."""
        raised = self._judged[invocation_id] = self._raised.pop(invocation_id, None)
        is_bug = raised is None or not raised.is_retry_asked_for
        if failure.code == _MISMATCH or (is_bug and self._handling is FailureHandling.RAISE):
            return replace(failure, behavior="pause", delay_ms=None)
        return failure

    def error_for(self, invocation: int) -> BaseException | None:
        """Return the failure that blocks an invocation: its own, or that of one it waits for."""
        if not self._stuck:
            return None
        pending, seen = [invocation], set[int]()
        while pending:
            current = pending.pop(0)
            if current not in seen:
                seen.add(current)
                rows = self._fetch("SELECT id FROM invocation WHERE seq = ?", (current,))
                if rows and rows[0][0] in self._stuck:
                    return GivenUp(self._stuck[rows[0][0]])
                pending += [other for (other,) in self._fetch(_AWAITED, (current, current))]
        return None

    def note(self, event: Event) -> None:
        """Note an event of an invocation."""
        invocation_id = event.invocation_id
        if event.kind is EventKind.ACCEPTED:
            self._known.add(invocation_id)
        else:
            self._stuck.pop(invocation_id, None)
            self._backing_off.pop(invocation_id, None)
        if event.kind not in (EventKind.ATTEMPT, EventKind.BACKING_OFF):
            self.moves += 1
        if event.failure is None:
            if event.kind not in (EventKind.ACCEPTED, EventKind.ATTEMPT):
                # Not these: an attempt may have failed and been judged before they are on disk, and told.
                self._judged.pop(invocation_id, None)
        else:
            failure = self._failure_of(event, event.failure)
            if event.kind is EventKind.BACKING_OFF:
                self._backing_off[invocation_id] = failure
            else:
                self._all.append(failure)
                self._stuck[invocation_id] = failure
        if self._stuck:
            self._review()

    def note_start(self) -> None:
        """Note that the runtime starts on its file, perhaps after a crash."""
        self._raised.clear()
        self._judged.clear()
        self._backing_off.clear()
        self._known.update(found for (found,) in self._fetch("SELECT id FROM invocation", ()))

    # Called by the environment.

    @property
    def is_backing_off(self) -> bool:
        """Whether a failed attempt waits for its retry."""
        return bool(self._backing_off)

    def is_known(self, invocation_id: str) -> bool:
        """Return whether an invocation is or was one of this environment."""
        if invocation_id not in self._known and threading.get_ident() == self._thread:
            # Its handler may run, and fail, before its row is on disk and the event about it comes.
            with contextlib.suppress(sqlite3.ProgrammingError):  # of a runtime that has crashed
                if self._fetch("SELECT 1 FROM invocation WHERE id = ?", (invocation_id,)):
                    self._known.add(invocation_id)
        return invocation_id in self._known

    def find(self) -> HandlerFailure | None:
        """Return the oldest failure that the test has not received."""
        return next(self._pending(), None)

    def find_mistake(self, invocation_id: str | None) -> HandlerFailure | None:
        """Return the failure that ended an invocation and that no retry can fix."""
        return None if invocation_id is None else self._mistakes.get(invocation_id)

    def find_backing_off(self) -> HandlerFailure | None:
        """Return a failure whose attempt waits for its retry."""
        return next(iter(self._backing_off.values()), None)

    def check(self) -> None:
        """Raise the oldest failure that the test has not received."""
        __tracebackhide__ = True
        failure = self.find()
        if failure is not None:
            raise failure.take()

    def take_all(self) -> list[HandlerFailure]:
        """Return the failures that the test has not received, and count them as received."""
        found = list(self._pending())
        if self._handling is FailureHandling.RAISE:
            found += self._backing_off.values()
        self._all.clear()
        self._backing_off.clear()
        return found

    def _pending(self) -> Iterator[HandlerFailure]:
        return (failure for failure in self._all if not failure.is_received)

    def _failure_of(self, event: Event, failure: AttemptFailure) -> HandlerFailure:
        raised = self._judged.pop(event.invocation_id, None)
        where = f"{event.target} ({event.invocation_id})"
        if failure.code == _MISMATCH or raised is None:
            return HandlerFailure(where, f"[{failure.code}] {failure.message}")
        advice = _advice(event.kind, raised, self._handling)
        return HandlerFailure(
            _place(where, raised), error_fields.describe(raised.error), raised.error, advice
        )

    def _target_of(self, invocation_id: str) -> str:
        rows = self._fetch("SELECT service, key, handler FROM invocation WHERE id = ?", (invocation_id,))
        names = "/".join(name for row in rows for name in row if name is not None)
        return f"{names} ({invocation_id})"


def _place(handler: str, failed: AttemptFailed) -> str:
    return (
        handler
        if failed.run is None
        else f"the run {json.dumps(failed.run, ensure_ascii=False)} of {handler}"
    )


def _advice(kind: EventKind, raised: AttemptFailed, handling: FailureHandling) -> str:
    if kind is EventKind.BACKING_OFF:
        return (
            "it backs off at the end of the test; advance the time until it has ended, or give retries=True"
        )
    if raised.is_retry_asked_for or handling is not FailureHandling.RAISE:
        return "its retries are used up, and it is paused"
    return "give retries=True if the test is about retries"


def _is_unseen(task: asyncio.Task[Any]) -> bool:
    """Return whether a task ended with an exception that was never retrieved."""
    return task.done() and not task.cancelled() and bool(getattr(task, "_log_traceback", False))


#: The invocations that an invocation waits for: those it called or attached to, and earlier ones with its key.
_AWAITED: Final = (
    "SELECT invocation FROM listener WHERE caller = ? UNION "
    "SELECT before.invocation FROM inbox AS own JOIN inbox AS before ON before.service = own.service "
    "AND before.key = own.key AND before.seq < own.seq WHERE own.invocation = ? AND before.invocation IS NOT NULL"
)
