"""Results that come from outside the handler: awakeables, callbacks and signals."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from awaken._core import Failure, parse_awakeable_id
from awaken.context import probe
from awaken.context.awakeable import Awakeable, AwakeableFuture
from awaken.context.callback import DEFAULT_EXPIRY, Callback, CallbackLink, expiry_of
from awaken.context.futures import RestateDurableFuture, RestateDurableSleepFuture
from awaken.context.side_effects import AS_BYTES, NO_OPTIONS, SideEffects
from awaken.context.unawaited import UnawaitedCoroutine
from awaken.errors import UsageError
from awaken.handler import arguments, values
from awaken.handler.advice import refuse
from awaken.serde.default import DefaultSerde, T

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from datetime import timedelta
    from types import FrameType

    from awaken._core import Input
    from awaken.approvals import ApprovalDocument
    from awaken.handler.handler import I
    from awaken.serde import Serde

__all__ = ["External"]


class External(SideEffects):
    """Waits for results from outside, and sends such results to other invocations."""

    __slots__ = ()

    if TYPE_CHECKING:
        _input: Input

    def awakeable(
        self,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
        *,
        name: str | None = None,
        title: str = "",
    ) -> Awakeable[T]:
        """Create an awakeable: an id that another process resolves or rejects, and the future of its result.

        The id is the same on every replay. Hand it out inside a run, so that this happens only once. It is not a
        secret: anyone who knows the invocation id can compute it.

        Args:
            serde: deserializes the payload.
            type_hint: the type of the payload. Awaiting a payload of another type raises a terminal error.
            name: a name for watchers in this process, such as the test kit. It is not journaled.
            title: what it is for, a line of text, which the inbox shows with a form for the type. It is journaled, so
                adding it to a handler is a change like any other command.

        Returns:
            An object that unpacks as `(id, future)` and can also be awaited itself.

        Raises:
            UsageError: the title is no text, or longer than a page; or it has one, and no JSON can be of the type.
        """
        serde = values.serde_for(serde, type_hint, "ctx.awakeable")
        document = None
        if title:
            from awaken.context.question import document_of

            answer = serde.type_hint if isinstance(serde, DefaultSerde) else None
            document = document_of(title, "", None, None, answer, "ctx.awakeable")
        driver = self._driver
        identifier, handle = driver.issue("create an awakeable").awakeable()
        future: RestateDurableFuture[T] = AwakeableFuture(driver, handle, serde, identifier)
        if probe.watchers:
            self._tell_watchers(identifier, name, type_hint)
        if document is not None:
            self._journal_document(parse_awakeable_id(identifier).index, document)
        return Awakeable(identifier, future)

    def _tell_watchers(self, identifier: str, name: str | None, type_hint: Any) -> None:
        created = probe.AwakeableCreated(identifier, self._input.invocation_id, name, type_hint)
        for watcher in list(probe.watchers):
            watcher.note_awakeable(created)

    def callback(
        self,
        type_hint: type[T] | None = None,
        *,
        name: str,
        expires_in: timedelta | float = DEFAULT_EXPIRY,
        labels: Mapping[str, str] | None = None,
        title: str = "",
        details: str = "",
        data: Any = None,
        initial: Any = None,
    ) -> Callback[T]:
        """Create an awakeable with a signed link that completes it, a name, and an expiry.

        Hand out the link inside a run. The person who opens it answers with a value of the declared type, or rejects.
        The value is validated before the awakeable is resolved. `configure_callbacks` sets the address of links and
        the keys that sign them.

        Args:
            type_hint: the type of the answer; None accepts any JSON.
            name: what you ask for, in at most 500 bytes. It is shown to the person who answers, and in the inventory.
            expires_in: how long the link works and the handler waits, as a `timedelta` or in seconds.
            labels: further facts for the inventory, at most 2,000 bytes as JSON. They are kept in the journal, not in
                the link.
            title: what people see in place of the name, a line of text.
            details: Markdown, which people see below the title.
            data: facts for a table: a dict, a dataclass or a model.
            initial: what the form is filled with: a value of the declared type. With title, details and data, at most
                64 KiB as JSON.

        Raises:
            RuntimeError: links are not configured; see `configure_callbacks`.
            UsageError: a link cannot name the type (see `register_callback_type`), `expires_in` is not above zero or
                ends after the year 9999, or something is longer than links and journals have room for.
        """
        from awaken import links  # only callbacks need them
        from awaken.context.callback_arguments import check_labels, check_name, expiry_after
        from awaken.links.description import CallbackDescription, describe_callback

        check_name(name)
        what = f'callback "{name}"'
        described = check_labels(labels, what)
        driver = self._driver
        wake_up = expiry_after(expires_in, what, is_replaying=driver.machine.is_replaying())
        settings = links.current_settings()
        try:
            type_name = links.name_of_type(type_hint)
        except TypeError as error:
            raise UsageError(f'callback "{name}": {error}') from error
        document = None
        if title or details or data is not None or initial is not None:
            from awaken.context.question import document_of

            document = document_of(title, details, data, initial, type_hint, what)
        identifier, future = self.awakeable(type_hint=type_hint, name=name)
        index = parse_awakeable_id(identifier).index
        is_encoded = driver.is_encoding
        description = CallbackDescription(
            index, name, type_name, described, is_encoded, has_document=document is not None
        )
        handle, expires_at_ms = driver.issue("create a callback").timer(
            wake_up, describe_callback(description)
        )
        if document is not None:
            self._journal_document(index, document)
        timer = RestateDurableSleepFuture(driver, handle, None, f'callback "{name}"')
        url = settings.url_of(links.Link(identifier, name, type_name, expires_at_ms, is_encoded))
        return Callback(CallbackLink(url, identifier, name, expiry_of(expires_at_ms)), future, timer)

    def _journal_document(self, index: int, document: ApprovalDocument) -> None:
        """Start the run whose value is the document; it executes at the handler's next await, whatever that is for."""
        from awaken.approvals.document import document_name

        async def write() -> bytes:
            return document.write()

        run = self._start_run(document_name(index), write, AS_BYTES, (), {}, sys._getframe(1))
        run.add_done_callback(_ignore)

    def wait_for_callback(
        self,
        send: Callable[[CallbackLink], Any],
        type_hint: type[T] | None = None,
        *,
        name: str,
        expires_in: timedelta | float = DEFAULT_EXPIRY,
        labels: Mapping[str, str] | None = None,
        title: str = "",
        details: str = "",
        data: Any = None,
        initial: Any = None,
    ) -> Coroutine[Any, Any, T]:
        """Create a callback, hand it out once, and wait for the answer.

        Args:
            send: a function that hands out the link. It is called as a run, so it is not repeated in a replay.
            type_hint: the type of the answer, as in `callback`.
            name: what you ask for.
            expires_in: how long the link works and the handler waits.
            labels: further facts for the inventory.
            title: as in `callback`, and so are the rest.
            details: Markdown.
            data: facts for a table.
            initial: what the form is filled with.

        Raises:
            TimeoutError: no one answered in time.
            TerminalError: the callback was rejected.
        """
        given = {"expires_in": expires_in, "labels": labels, "title": title, "details": details}
        given |= {"data": data, "initial": initial}
        frame = sys._getframe(1)
        waiting = UnawaitedCoroutine(
            partial(self._hand_out, send, frame, type_hint, name, given),
            "wait_for_callback",
            f'callback "{name}"',
            "its link was never handed out",
            frame,
        )
        self._driver.define_coroutine(waiting)
        return waiting

    async def _hand_out(
        self,
        send: Callable[[CallbackLink], Any],
        frame: FrameType,
        type_hint: Any,
        name: str,
        given: dict[str, Any],
    ) -> Any:
        from awaken.context.callback_arguments import check_name

        check_name(name)  # before it is part of other texts
        if not callable(send):
            refuse(send, f'the send of callback "{name}"', "give a function that takes the link")
        callback = self.callback(type_hint, name=name, **given)
        await self._start_run(f"hand out {name}", send, NO_OPTIONS, (callback.link,), {}, frame)
        return await callback

    def resolve_awakeable(
        self,
        name: str,
        value: I,
        serde: Serde[I] = DefaultSerde(),  # noqa: B008  # never modified
    ) -> None:
        """Resolve an awakeable of any invocation.

        Args:
            name: the id of the awakeable.
            value: the result. None is sent as no bytes.
            serde: serializes the value.

        Raises:
            InvalidIdError: the id is malformed; nothing is journaled.
        """
        arguments.expect_text(name, "the id of ctx.resolve_awakeable")
        body = values.write(serde, value, f"the value of awakeable {name}")
        self._driver.issue("resolve an awakeable").resolve_awakeable(name, body)

    def reject_awakeable(self, name: str, failure_message: str, failure_code: int = 500) -> None:
        """Reject an awakeable of any invocation. Its handler gets a terminal error with this message and code.

        Raises:
            InvalidIdError: the id is malformed; nothing is journaled.
        """
        arguments.expect_text(name, "the id of ctx.reject_awakeable")
        failure = _failure(failure_code, failure_message, "ctx.reject_awakeable")
        self._driver.issue("reject an awakeable").reject_awakeable(name, failure)

    def signal(
        self,
        name: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> RestateDurableFuture[T]:
        """Wait for a named signal that another handler sends to this invocation."""
        arguments.expect_text(name, "the name of ctx.signal")
        serde = values.serde_for(serde, type_hint, f'signal "{name}"')
        driver = self._driver
        handle = driver.issue("await a signal").signal(name)
        return RestateDurableFuture(driver, handle, serde, f'signal "{name}"')

    def resolve_signal(
        self,
        invocation_id: str,
        name: str,
        value: I,
        serde: Serde[I] = DefaultSerde(),  # noqa: B008  # never modified
    ) -> None:
        """Send a signal with a value to an invocation.

        Raises:
            InvalidIdError: the id is malformed.
        """
        arguments.expect_text(invocation_id, "the invocation id of ctx.resolve_signal")
        arguments.expect_text(name, "the name of ctx.resolve_signal")
        body = values.write(serde, value, f'the value of signal "{name}"')
        self._driver.issue("send a signal").resolve_signal(invocation_id, name, body)

    def reject_signal(
        self, invocation_id: str, name: str, failure_message: str, failure_code: int = 500
    ) -> None:
        """Send a signal with a failure to an invocation.

        Raises:
            InvalidIdError: the id is malformed.
        """
        arguments.expect_text(invocation_id, "the invocation id of ctx.reject_signal")
        arguments.expect_text(name, "the name of ctx.reject_signal")
        failure = _failure(failure_code, failure_message, "ctx.reject_signal")
        self._driver.issue("send a signal").reject_signal(invocation_id, name, failure)


def _ignore(_: object) -> None:
    """Do nothing with a result."""


def _failure(code: int, message: str, what: str) -> Failure:
    arguments.expect_code(code, f"the failure_code of {what}")
    arguments.expect_text(message, f"the failure_message of {what}")
    return Failure(code, message)
