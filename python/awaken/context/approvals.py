"""Approvals: questions to people, with everything around them, in one call."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from awaken.context.callback import DEFAULT_EXPIRY
from awaken.context.external import External
from awaken.context.unawaited import UnawaitedCoroutine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from datetime import timedelta

    from awaken.approvals import Approval, ApprovalMessage, Verdict
    from awaken.serde.default import T

__all__ = ["Approvals"]


class Approvals(External):
    """Asks people."""

    __slots__ = ()

    @overload
    def approve(
        self,
        question: str,
        *,
        details: str = ...,
        data: Any = ...,
        answer: None = ...,
        initial: Approval | None = ...,
        approvers: Iterable[str] | None = ...,
        quorum: int = ...,
        rejections: int = ...,
        not_by: Iterable[str] = ...,
        remind: Iterable[timedelta | float] = ...,
        escalate: Mapping[timedelta, Iterable[str]] | None = ...,
        expires_in: timedelta | float = ...,
        on_expiry: Approval | None = ...,
        notify: Callable[[ApprovalMessage], Any] | None = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Coroutine[Any, Any, Verdict[Approval]]: ...

    @overload
    def approve(
        self,
        question: str,
        *,
        details: str = ...,
        data: Any = ...,
        answer: type[T],
        initial: T | None = ...,
        approvers: Iterable[str] | None = ...,
        quorum: int = ...,
        rejections: int = ...,
        not_by: Iterable[str] = ...,
        remind: Iterable[timedelta | float] = ...,
        escalate: Mapping[timedelta, Iterable[str]] | None = ...,
        expires_in: timedelta | float = ...,
        on_expiry: T | None = ...,
        notify: Callable[[ApprovalMessage], Any] | None = ...,
        labels: Mapping[str, str] | None = ...,
    ) -> Coroutine[Any, Any, Verdict[T]]: ...

    def approve(
        self,
        question: str,
        *,
        details: str = "",
        data: Any = None,
        answer: Any = None,
        initial: Any = None,
        approvers: Iterable[str] | None = None,
        quorum: int = 1,
        rejections: int = 1,
        not_by: Iterable[str] = (),
        remind: Iterable[timedelta | float] = (),
        escalate: Mapping[timedelta, Iterable[str]] | None = None,
        expires_in: timedelta | float = DEFAULT_EXPIRY,
        on_expiry: Any = None,
        notify: Callable[[ApprovalMessage], Any] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Coroutine[Any, Any, Verdict[Any]]:
        """Ask people, wait until enough of them have answered, and return what they decided.

        Each person gets a link that names them, by `notify`; whoever sees the inbox can answer there as well. All of it
        is journaled: it survives crashes and deploys, and a replay asks nobody again. What the first attempt was given
        counts until the end, even if a new version of the handler asks other people.

        Args:
            question: a line of text, at most 500 bytes together with the longest name of a person. It is the title of
                messages and pages, and the name in lists.
            details: Markdown, shown below the question.
            data: facts for a table: a dict, a dataclass or a model. With the details at most 64 KiB.
            answer: the type of an answer, `awaken.Approval` if you give none. A type with one bool field, or one called
                `approved`, says yes or no by that; any other answer is a yes, and only a rejection a no.
            initial: what the form is filled with: an answer.
            approvers: people, as in `lead@example.com`, and groups, as in `group:finance`. Without it, everybody
                may answer; an empty list is an error.
            quorum: how many different people have to approve.
            rejections: how many rejections decide against it.
            not_by: people and groups who may not answer. Those among the approvers are not asked.
            remind: durations from the start, each a `timedelta` or in seconds. Who has not answered by then gets
                another message.
            escalate: people and groups who may answer as well, and are asked, after a duration from the start.
            expires_in: how long people can answer, as a `timedelta` or in seconds; 30 days if you do not say.
            on_expiry: the answer if they do not decide in time; None raises TimeoutError.
            notify: sends one `awaken.ApprovalMessage` to its person. It is called in a run for each person and message:
                a function for one after the other, a coroutine function for up to ten at once. If it raises anything
                but a TerminalError, or takes more than a minute, it is called again after 10 seconds, one minute and
                five minutes, while answers count. Without it, the inbox is the only door.
            labels: further facts for the inventory, at most 2,000 bytes as JSON.

        Raises:
            TimeoutError: it was not decided in time, and there is no `on_expiry`.
            TerminalError: a rejection decided, and the answer's type cannot express it; `Approval` can. Or `notify`
                could reach nobody.
            RuntimeError: `notify` is given, and links are not configured; see `configure_callbacks`.
            UsageError: an argument is none, or nobody could ever decide it. Nothing is journaled then.
        """
        from awaken.approvals import Approval  # few handlers ask people
        from awaken.context.approving import Arguments, ask

        given = Arguments(
            question=question,
            details=details,
            data=data,
            answer=Approval if answer is None else answer,
            initial=initial,
            approvers=approvers,
            quorum=quorum,
            rejections=rejections,
            not_by=not_by,
            remind=remind,
            escalate=escalate,
            expires_in=expires_in,
            on_expiry=on_expiry,
            notify=notify,
            labels=labels,
        )
        frame = sys._getframe(1)
        subject = f'approval "{str(question)[:60]}"'
        begin = partial(ask, self, given, frame)
        asking = UnawaitedCoroutine(begin, "approve", subject, "nobody was asked", frame)
        self._driver.define_coroutine(asking)
        return asking
