"""Builds the requests of a client; see sections 2 and 3 of the runtime's HTTP interface."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.client.addresses import join
from awaken.client.awakeable_id import check_awakeable_id
from awaken.client.awakeable_status import AwakeableStatus, read_status, status_query
from awaken.client.operation import Operation, Reply, Request
from awaken.client.send_handle import RestateClientSendHandle
from awaken.handler.lookup import handler_from_callable, keyed_handler, service_handler
from awaken.outcomes import OUTCOME_HEADER, AwakeableOutcome, read_outcome
from awaken.serde import BytesSerde, Serde
from awaken.serde.default import DefaultSerde, T, typed_serde
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.client.codec import ValueCodec
    from awaken.handler.handler import Handler, HandlerType, I, O

__all__ = ["Builder"]

_BYTES: Serde[bytes] = BytesSerde()
_JSON = "application/json"
#: The code that an ingress gives to a rejection; its interface carries a text only.
_REJECTION_CODE = 500


@dataclass(frozen=True, slots=True)
class Extras:
    """What a call or a send may carry besides its argument."""

    idempotency_key: str | None = None
    headers: Mapping[str, str] | None = None
    scope: str | None = None
    limit_key: str | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds operations for the addresses and the codec of one client.

    Args:
        ingress: address of the ingress.
        admin: address of the admin API, if known.
        codec: encodes values before they are sent.
    """

    ingress: str
    admin: str | None = None
    codec: ValueCodec | None = None

    # ------------------------------------------------------------ calls and sends

    def call(self, tpe: HandlerType[I, O], key: str | None, arg: I, extras: Extras) -> Operation[O]:
        """Call a handler."""
        callee: Handler[I, O] = _callee(tpe, key, "call")
        request = self._handler_request(callee, key, arg, extras, send=False)
        return self._reading(request, callee.output_serde, callee.target)

    def send(
        self, tpe: HandlerType[I, O], key: str | None, arg: I, delay: timedelta | float | None, extras: Extras
    ) -> Operation[RestateClientSendHandle]:
        """Start a handler."""
        callee: Handler[I, O] = _callee(tpe, key, "send")
        return Operation(
            self._handler_request(callee, key, arg, extras, send=True, delay=delay), _read_send_handle
        )

    def generic_call(
        self, service: str, handler: str, arg: bytes, key: str | None, extras: Extras
    ) -> Operation[bytes]:
        """Call a handler by name, with raw bytes in and out."""
        body = self._encode(bytes(arg))
        request = self._request(service, handler, key, body, _JSON, extras)
        return self._reading(request, _BYTES)

    def generic_send(
        self,
        service: str,
        handler: str,
        arg: bytes,
        key: str | None,
        delay: timedelta | float | None,
        extras: Extras,
    ) -> Operation[RestateClientSendHandle]:
        """Start a handler by name, with raw bytes in."""
        body = self._encode(bytes(arg))
        request = self._request(service, handler, key, body, _JSON, extras, send=True, delay=delay)
        return Operation(request, _read_send_handle)

    # ------------------------------------------------------------ results and invocations

    def attach(self, invocation_id: str, serde: Serde[T], type_hint: type[T] | None) -> Operation[T]:
        """Wait for a result by invocation id."""
        return self._result("attach", invocation_id, serde, type_hint)

    def output(self, invocation_id: str, serde: Serde[T], type_hint: type[T] | None) -> Operation[T]:
        """Ask for a result by invocation id."""
        return self._result("output", invocation_id, serde, type_hint)

    def workflow_result(self, how: str, tpe: HandlerType[I, O], key: str) -> Operation[O]:
        """Wait (`attach`) or ask (`output`) for the result of a workflow.

        Raises:
            ValueError: `tpe` is not the main handler of a workflow.
        """
        callee: Handler[I, O] = handler_from_callable(tpe)
        if callee.kind != "workflow":
            raise ValueError(
                f"{callee.target} is not the main handler of a workflow; only its result is kept under the key"
            )
        url = join(self.ingress, "restate", "workflow", callee.service_tag.name, key, how)
        return self._reading(Request("GET", url, is_repeatable=True), callee.output_serde, callee.target)

    def cancel(self, invocation_id: str) -> Operation[None]:
        """Ask an invocation to end.

        Not repeatable: a handler that caught the first cancellation would be cancelled again while it cleans up.

        Raises:
            InvalidIdError: the id is malformed.
            ValueError: the client does not know the admin address.
        """
        _check_id(invocation_id)
        url = join(self._admin("cancelling"), "invocations", invocation_id, "cancel")
        return Operation(Request("PATCH", url), _read_nothing)

    # ------------------------------------------------------------ awakeables

    def resolve(
        self, awakeable_id: str, value: T, serde: Serde[T], type_hint: type[T] | None
    ) -> Operation[AwakeableOutcome]:
        """Resolve an awakeable with a value.

        Raises:
            InvalidIdError: the id is malformed, or must not be sent.
            SerdeError: the value is not of the type.
        """
        check_awakeable_id(awakeable_id)
        body = serde.serialize(value)
        if type_hint is not None:
            typed_serde(serde, type_hint).deserialize(body)
        return self._outcome(awakeable_id, "resolve", self._encode(body), _JSON)

    def reject(self, awakeable_id: str, reason: str, code: int) -> Operation[AwakeableOutcome]:
        """Reject an awakeable.

        Raises:
            InvalidIdError: the id is malformed, or must not be sent.
            ValueError: the code cannot be carried over HTTP.
        """
        check_awakeable_id(awakeable_id)
        if code != _REJECTION_CODE:
            raise ValueError(
                f"the rejection of {awakeable_id} has code {code}, but over HTTP a server accepts only a text "
                f"and sets the code to {_REJECTION_CODE}; leave the code out, resolve with a value that tells the "
                "reason, or reject from a handler with ctx.reject_awakeable(..., failure_code=...)"
            )
        return self._outcome(awakeable_id, "reject", reason.encode(), "text/plain")

    def status(self, awakeable_id: str) -> Operation[AwakeableStatus]:
        """Ask for the status of an awakeable.

        Raises:
            InvalidIdError: the id is malformed, or must not be sent.
            ValueError: the client does not know the admin address.
        """
        parsed = check_awakeable_id(awakeable_id)
        body = json.dumps({"query": status_query(parsed.invocation_id)}).encode()
        headers = {"content-type": _JSON, "accept": _JSON}
        request = Request("POST", join(self._admin("the status"), "query"), headers, body, is_repeatable=True)
        return Operation(request, lambda reply: read_status(json.loads(reply.body)["rows"], parsed.index))

    # ------------------------------------------------------------ shared by the above

    def _admin(self, what: str) -> str:
        if self.admin is None:
            raise ValueError(
                f"{what} goes to the admin API, whose address this client does not know; pass "
                "create_client(..., admin='http://127.0.0.1:9070') or set AWAKEN_ADMIN"
            )
        return self.admin

    def _handler_request(
        self,
        callee: Handler[Any, Any],
        key: str | None,
        arg: Any,
        extras: Extras,
        *,
        send: bool,
        delay: timedelta | float | None = None,
    ) -> Request:
        # A handler without input accepts neither body nor content type, so nothing is encoded.
        has_input = callee.arity == 2 or arg is not None
        body = self._encode(callee.input_serde.serialize(arg)) if has_input else b""
        name = callee.service_tag.name
        # Only the first send starts the run of a workflow; a second call, however, would be refused.
        is_run = callee.kind == "workflow" and send
        content_type = _concrete(callee.io.accept)
        return self._request(
            name, callee.name, key, body, content_type, extras, send=send, delay=delay, is_repeatable=is_run
        )

    def _request(
        self,
        service: str,
        handler: str,
        key: str | None,
        body: bytes,
        content_type: str,
        extras: Extras,
        *,
        send: bool = False,
        delay: timedelta | float | None = None,
        is_repeatable: bool = False,
    ) -> Request:
        target = (service, handler) if key is None else (service, key, handler)
        if extras.scope is not None:
            prefix = ("restate", "scope", extras.scope, "send" if send else "call")
            url = join(self.ingress, *prefix, *target)
        else:
            url = join(self.ingress, *target, *(["send"] if send else []))
        if delay is not None and (milliseconds := time_limits.milliseconds(delay, "send_delay")) > 0:
            url += f"?delay={milliseconds}ms"
        headers = dict(extras.headers or {})
        # The ingress refuses a content type without a body, and a body without a content type.
        if body and not any(name.lower() == "content-type" for name in headers):
            headers["content-type"] = content_type
        if extras.idempotency_key is not None:
            headers["idempotency-key"] = extras.idempotency_key
        if extras.limit_key is not None:
            headers["x-restate-limit-key"] = extras.limit_key
        is_idempotent = any(name.lower() == "idempotency-key" for name in headers)
        return Request("POST", url, headers, body, is_repeatable or is_idempotent)

    def _result(
        self, how: str, invocation_id: str, serde: Serde[T], type_hint: type[T] | None
    ) -> Operation[T]:
        _check_id(invocation_id)
        url = join(self.ingress, "restate", "invocation", invocation_id, how)
        return self._reading(Request("GET", url, is_repeatable=True), typed_serde(serde, type_hint))

    def _outcome(
        self, awakeable_id: str, how: str, body: bytes, content_type: str
    ) -> Operation[AwakeableOutcome]:
        headers = {"content-type": content_type} if body else {}
        url = join(self.ingress, "restate", "awakeables", awakeable_id, how)
        # The first outcome counts, so sending the same one twice changes nothing.
        request = Request("POST", url, headers, body, is_repeatable=True)
        return Operation(request, lambda reply: read_outcome(reply.headers.get(OUTCOME_HEADER)))

    def _reading(self, request: Request, serde: Serde[T], callee: str | None = None) -> Operation[T]:
        # Any serde may return None; its type says so only if the handler declares it.
        def read(reply: Reply) -> Any:
            if callee is None or not isinstance(serde, DefaultSerde):
                return serde.deserialize(reply.body)
            return serde.read(reply.body, lambda: f"result of {callee}", is_result=True)

        return Operation(request, read, is_value=True)

    def _encode(self, body: bytes) -> bytes:
        return body if self.codec is None else self.codec.encode(body)


def _callee(tpe: HandlerType[I, O], key: str | None, how: str) -> Handler[I, O]:
    return service_handler(tpe, f"service_{how}") if key is None else keyed_handler(tpe, key, f"object_{how}")


def _concrete(media_type: str) -> str:
    """Return a content type that matches the pattern in a handler's declaration."""
    if not media_type.endswith("/*"):
        return media_type
    main = media_type.partition("/")[0]
    return {"*": "application/octet-stream", "text": "text/plain"}.get(main, f"{main}/octet-stream")


def _read_send_handle(reply: Reply) -> RestateClientSendHandle:
    facts: dict[str, Any] = json.loads(reply.body)
    time = facts.get("executionTime")
    return RestateClientSendHandle(
        invocation_id=facts["invocationId"],
        status_code=reply.status_code,
        is_new=facts.get("status") != "PreviouslyAccepted",
        # The time has nine digits after the second; a datetime keeps six.
        execution_time=None if time is None else datetime.fromisoformat(time),
    )


def _check_id(invocation_id: str) -> None:
    if not isinstance(invocation_id, str):
        raise TypeError(
            f"{invocation_id!r} is not an invocation id; pass a str, such as the `invocation_id` that a send returned"
        )
    _core.parse_invocation_id(invocation_id)


def _read_nothing(_reply: Reply) -> None:
    return None
