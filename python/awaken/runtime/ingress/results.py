"""The routes for results: attach, output, and the lookup of an invocation id."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from awaken import _core
from awaken.control.errors import NotFoundError, NotReadyError
from awaken.control.operations import Failure
from awaken.errors import InvalidIdError
from awaken.runtime.admission import find_service
from awaken.runtime.identifiers import reason_against_invocation_id
from awaken.runtime.ingress.answers import (
    Answer,
    IngressError,
    answer_completion,
    answer_failure,
    answer_json,
)
from awaken.runtime.ingress.caller import Waiting
from awaken.runtime.ingress.paths import decode

if TYPE_CHECKING:
    import asyncio

    from awaken.control.operations import Completion
    from awaken.exchange import ServedExchange
    from awaken.runtime.callers import CallerOperations
    from awaken.runtime.ingress.caller import Finish
    from awaken.runtime.schema import Schema

__all__ = ["Results", "Wish"]

Wish = Literal["attach", "output"]

_EXPECTED_INVOCATION: Final = (
    "bad path, expected either /restate/invocation/:id/attach, "
    "/restate/invocation/:service/:handler/:idempotency-key/attach or "
    "/restate/invocation/:service/:key/:handler/:idempotency-key/attach, or the same with /output"
)
_EXPECTED_WORKFLOW: Final = (
    "bad path, expected either /restate/workflow/:workflow-name/:workflow-key/attach or "
    "/restate/workflow/:workflow-name/:workflow-key/output"
)


class Results:
    """Answers the routes about results.

    Args:
        operations: of the runtime.
        schema: the registered handlers.
    """

    def __init__(self, operations: CallerOperations, schema: Schema) -> None:
        self._operations = operations
        self._schema = schema

    def of_invocation(self, exchange: ServedExchange, segments: list[str]) -> Finish:
        """Answer `/restate/invocation/...`; the segments begin with an id or a service."""
        if len(segments) == 2:
            return self._answer(exchange, _wish(segments[-1]), segments[0])
        if len(segments) not in (4, 5):
            raise IngressError(400, _EXPECTED_INVOCATION)
        wish = _wish(segments[-1])
        service, *keys, handler, idempotency_key = segments[:-1]
        find_service(self._schema, service)
        invocation_id = _core.idempotent_invocation_id(
            service,
            handler,
            decode(idempotency_key, "idempotency key"),
            key=decode(keys[0]) if keys else None,
        )
        return self._answer(exchange, wish, invocation_id)

    def of_workflow(self, exchange: ServedExchange, segments: list[str]) -> Finish:
        """Answer `/restate/workflow/...`; the segments begin with the workflow's name."""
        if len(segments) != 3:
            raise IngressError(400, _EXPECTED_WORKFLOW)
        name, key, wish = segments
        find_service(self._schema, name)
        invocation_id = _core.workflow_invocation_id(name, decode(key))
        return self._answer(exchange, _wish(wish), invocation_id)

    def of_target(self, exchange: ServedExchange, wish: Wish, segments: list[str]) -> Finish:
        """Answer `GET /restate/attach/{id}`, and `POST /restate/attach` with a target in the body."""
        if len(segments) == 1:
            return self._answer(exchange, wish, segments[0])
        if segments:
            raise IngressError(404, "not found")
        _check_method(exchange, "POST")
        return lambda body: self._find(wish, self._read_target(body))

    def lookup(self, exchange: ServedExchange) -> Finish:
        """Answer `POST /restate/lookup`: the invocation id of a target, whether or not it exists."""
        _check_method(exchange, "POST")
        return lambda body: answer_json(200, {"invocationId": self._read_target(body)}, {})

    def _answer(self, exchange: ServedExchange, wish: Wish, invocation_id: str) -> Finish:
        _check_method(exchange, "GET")
        return lambda _body: self._find(wish, invocation_id)

    def _find(self, wish: Wish, invocation_id: str) -> Answer | Waiting:
        try:
            _core.parse_invocation_id(invocation_id)
        except InvalidIdError as error:
            reason = reason_against_invocation_id(invocation_id)
            raise IngressError(400, f"bad invocation id '{invocation_id}': {reason}") from error
        if wish == "attach":
            return self._attach(invocation_id)
        try:
            pledge = self._operations.begin_output(invocation_id)
        except NotFoundError as error:
            raise IngressError(404, "invocation not found") from error
        except NotReadyError as error:
            raise IngressError(470, "the invocation exists but has not completed yet") from error
        return Waiting(pledge.committed, partial(self._tell_output, pledge.value))

    def _tell_output(self, completion: Completion, committed: asyncio.Future[None]) -> Answer:
        committed.result()
        return answer_completion(completion, self._schema)

    def _attach(self, invocation_id: str) -> Answer | Waiting:
        try:
            result = self._operations.begin_attach(invocation_id)
        except NotFoundError:
            return answer_failure(invocation_id, Failure(404, "not found"))
        return Waiting(result, partial(self._tell_result, invocation_id), is_result=True)

    def _tell_result(self, invocation_id: str, result: asyncio.Future[Completion]) -> Answer:
        try:
            return answer_completion(result.result(), self._schema)
        except NotFoundError:
            return answer_failure(invocation_id, Failure(404, "not found"))

    def _read_target(self, body: bytes) -> str:
        try:
            return self._target_id(json.loads(body))
        except RecursionError as error:
            raise IngressError(
                500, "cannot read body: invalid request body: it is nested too deeply"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise IngressError(500, f"cannot read body: invalid request body: {error}") from error

    def _target_id(self, target: dict[str, Any]) -> str:
        match target["target"]:
            case "invocation":
                return _text(target["invocationId"])
            case "workflow":
                return _core.workflow_invocation_id(
                    _text(target["workflowName"]), _text(target["workflowKey"])
                )
            case "idempotentInvocation":
                key = target.get("key")
                return _core.idempotent_invocation_id(
                    _text(target["service"]),
                    _text(target["handler"]),
                    _text(target["idempotencyKey"]),
                    key=None if key is None else _text(key),
                )
            case other:
                raise ValueError(f"unknown target {other!r}")


def _wish(segment: str) -> Wish:
    if segment == "attach":
        return "attach"
    if segment == "output":
        return "output"
    raise IngressError(404, "not found")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, not {value!r}")
    return value


def _check_method(exchange: ServedExchange, method: str) -> None:
    if exchange.method != method:
        raise IngressError(405, "method not allowed")
