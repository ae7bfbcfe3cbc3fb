"""`/services`: what is registered, its settings, and the state of its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from awaken.control.errors import ConflictError, InvalidRequestError
from awaken.runtime.admin.answers import AdminError, UnreadableError, answer_document, answer_json, empty
from awaken.runtime.admin.reading import read_path_name
from awaken.runtime.admin.service_openapi import describe_service_api
from awaken.runtime.deployments import Overrides, describe
from awaken.runtime.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations
    from awaken.runtime.admin.reading import Bodies
    from awaken.runtime.deployments import Deployments, Record
    from awaken.runtime.deployments.manifest import Service

__all__ = ["ServiceRoutes"]

#: Bytes of the JSON with the state of a key: as much as a caller of the ingress may send. The server takes 2 MiB.
_MAX_STATE_SIZE: Final = 32 * 1024 * 1024

Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]


class _Change(msgspec.Struct):
    public: bool | None = None
    idempotency_retention: str | None = None
    workflow_completion_retention: str | None = None
    journal_retention: str | None = None
    inactivity_timeout: str | None = None
    abort_timeout: str | None = None


class _State(msgspec.Struct):
    object_key: str
    new_state: dict[str, list[Byte] | str]
    version: str | None = None
    scope: str | None = None


class ServiceRoutes:
    """Answers the routes about services."""

    #: What requests contain, by the operation in the OpenAPI document.
    bodies: Final = {
        "modify_service": ("ModifyServiceRequest", _Change),
        "modify_service_state": ("ModifyServiceStateRequest", _State),
    }

    def __init__(
        self,
        deployments: Deployments,
        operations: Operations,
        bodies: Bodies,
        ingress_url: Callable[[], str],
    ) -> None:
        self._ingress_url = ingress_url
        self._deployments = deployments
        self._operations = operations
        self._read_json = bodies.read_json

    async def list(self, request: Request) -> Response:
        """Answer `GET /services`."""
        return answer_json(200, {"services": self._deployments.describe_services()})

    async def show(self, request: Request) -> Response:
        """Answer `GET /services/{s}`."""
        return answer_json(200, describe.service(*self._find(request), self._deployments.defaults))

    async def list_handlers(self, request: Request) -> Response:
        """Answer `GET /services/{s}/handlers`."""
        record, service = self._find(request)
        handlers = [describe.handler(record, service, each) for each in service.handlers]
        return answer_json(200, {"handlers": handlers})

    async def show_handler(self, request: Request) -> Response:
        """Answer `GET /services/{s}/handlers/{h}`."""
        name, handler = read_path_name(request, "service"), read_path_name(request, "handler")
        if self._deployments.handler(name, handler) is None:
            raise AdminError(404, f"The requested handler '{handler}' on service '{name}' does not exist")
        record, service = self._declared(name)
        declared = next(each for each in service.handlers if each.name == handler)
        return answer_json(200, describe.handler(record, service, declared))

    async def show_openapi(self, request: Request) -> Response:
        """Answer `GET /services/{s}/openapi`."""
        record, service = self._find(request)
        revision = record.revisions[service.name]
        return answer_document(describe_service_api(service, revision, self._ingress_url()))

    async def change(self, request: Request) -> Response:
        """Answer `PATCH /services/{s}`."""
        asked = await self._read_json(request, _Change)
        name = read_path_name(request, "service")
        found = self._deployments.service(name)
        if found is None:
            raise _unknown(name) if asked == _Change() else _unregistered(name)
        if asked.workflow_completion_retention is not None and found.kind != "workflow":
            kind = describe.service_type(self._declared(name)[1])
            raise AdminError(400, f"modifying retention time for service type {kind} is unsupported")
        overrides = Overrides(
            public=asked.public,
            idempotency_retention_ms=_milliseconds(asked.idempotency_retention),
            workflow_completion_retention_ms=_milliseconds(asked.workflow_completion_retention),
            journal_retention_ms=_milliseconds(asked.journal_retention),
            inactivity_timeout_ms=_milliseconds(asked.inactivity_timeout),
            abort_timeout_ms=_milliseconds(asked.abort_timeout),
        )
        await self._deployments.override(name, overrides)
        return await self.show(request)

    async def edit_state(self, request: Request) -> Response:
        """Answer `POST /services/{s}/state`."""
        asked = await self._read_json(request, _State, limit=_MAX_STATE_SIZE)
        if asked.scope is not None:
            # Without the refusal, the state that has no scope would be replaced.
            raise AdminError(
                400,
                "The request field 'scope' is invalid. Reason: the embedded runtime has no scopes; leave it out.",
            )
        name = read_path_name(request, "service")
        found = self._deployments.service(name)
        if found is None:
            if not asked.new_state:
                return empty(202)
            raise _unknown(name)
        if found.kind == "service":
            raise AdminError(400, "Cannot modify state for service type Service")
        state = {
            key: value.encode() if isinstance(value, str) else bytes(value)
            for key, value in asked.new_state.items()
        }
        try:
            await self._operations.edit_state(name, asked.object_key, state, asked.version)
        except (ConflictError, InvalidRequestError) as error:
            raise AdminError(error.http_status, str(error)) from error
        return empty(202)

    def _find(self, request: Request) -> tuple[Record, Service]:
        name = read_path_name(request, "service")
        if self._deployments.service(name) is None:
            raise _unknown(name)
        return self._declared(name)

    def _declared(self, name: str) -> tuple[Record, Service]:
        found = self._deployments.service(name)
        if found is None:
            raise _unregistered(name)
        record = self._deployments.record(found.deployment_id)
        return record, next(each for each in record.manifest.services if each.name == name)


def _unknown(name: str) -> AdminError:
    return AdminError(404, f"The requested service '{name}' does not exist")


def _unregistered(name: str) -> AdminError:
    return AdminError(404, f"not found in the schema registry: service with name '{name}'")


def _milliseconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return round(parse_duration(text).total_seconds() * 1000)
    except ValueError as error:
        raise UnreadableError(
            422, f"Failed to deserialize the JSON body into the target type: {error}"
        ) from error
