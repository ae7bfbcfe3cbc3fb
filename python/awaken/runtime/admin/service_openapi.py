"""The OpenAPI 3.1 document of one service: how callers reach its handlers through the ingress.

Paths, names of operations and components are those of the server's document, which clients are generated from. Handlers
that are private themselves are left out; those of a private service are in, as on the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.admin.openapi_parts import CALL_COMPONENTS, ERROR_SCHEMA, refer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.runtime.deployments.manifest import Handler, Input, Output, Service

__all__ = ["describe_service_api"]

_TAGS: Final = {
    "Request Response": "Call a handler and wait for its result",
    "Send": "Start a handler and return at once",
    "Attach": "Wait for the result of an invocation",
    "Get Output": "Get the result of an invocation if there is one",
}
_NO_BODY: Final = {"description": "Empty"}
_ERRORS: Final = {"default": refer("responses", "GenericError")}
_NOT_FOUND: Final = {"404": refer("responses", "InvocationNotFoundError")}
_NOT_READY: Final = {"470": refer("responses", "InvocationNotReadyError")}
_INSTEAD: Final = (
    "Deprecated: ask POST /restate/lookup for the id of the invocation, then GET /restate/{}/{{id}}."
)

#: Keywords of JSON Schema whose members are named by people, and those whose values are data.
_MAPS: Final = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))
_DATA: Final = frozenset(("const", "default", "enum", "example", "examples"))


def describe_service_api(service: Service, revision: int, ingress_url: str) -> dict[str, Any]:
    """Return the document.

    Args:
        service: as its endpoint declares it.
        revision: of the service, which is the version of the document.
        ingress_url: where callers enter.
    """
    handlers = [handler for handler in service.handlers if not handler.ingress_private]
    info: dict[str, Any] = {"title": service.name, "version": str(revision)}
    if service.documentation is not None:
        info["description"] = service.documentation
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"RestateError": ERROR_SCHEMA}
    for handler in handlers:
        paths |= _Operations(service, handler).paths()
        for name, declared in _payloads(handler):
            if declared.json_schema is not None:
                schemas[name] = _relocate(declared.json_schema, f"#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": info | _extensions(service.metadata),
        "servers": [{"url": ingress_url, "description": "The ingress"}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "paths": paths,
        "components": {**CALL_COMPONENTS, "schemas": schemas},
    }


class _Operations:
    """The operations of one handler."""

    def __init__(self, service: Service, handler: Handler) -> None:
        self._handler = handler
        self._target = f"{service.name}/{handler.name}"
        self._is_run = handler.ty == "WORKFLOW"
        self._is_idempotent = service.ty != "WORKFLOW"
        is_keyed = service.ty != "SERVICE"
        self._key = [refer("parameters", "key")] if is_keyed else []
        self._service_path = f"{service.name}/{{key}}" if is_keyed else service.name

    def paths(self) -> dict[str, Any]:
        name, handler = self._handler.name, f"{self._service_path}/{self._handler.name}"
        key_header = [refer("parameters", "idempotencyKeyHeader")] if self._is_idempotent else []
        paths: dict[str, Any] = {
            f"/restate/call/{handler}": {
                "post": self._operation(
                    name,
                    f"Call {self._target} and wait for its result",
                    [*self._key, *key_header],
                    {"200": self._result(), **_ERRORS},
                    has_body=True,
                )
            },
            f"/restate/send/{handler}": {
                "post": self._operation(
                    f"{name}Send",
                    f"Start {self._target} and return its invocation id",
                    [*self._key, *key_header, refer("parameters", "delay")],
                    {"200": refer("responses", "Send"), "202": refer("responses", "Send"), **_ERRORS},
                    has_body=True,
                    tag="Send",
                )
            },
        }
        if self._is_run:
            paths |= self._lookups(f"/restate/workflow/{self._service_path}", self._key)
        elif self._is_idempotent:
            parameters = [*self._key, refer("parameters", "idempotencyKeyPath")]
            paths |= self._lookups(f"/restate/invocation/{handler}/{{idempotencyKey}}", parameters)
        return paths

    def _lookups(self, path: str, parameters: Sequence[Any]) -> dict[str, Any]:
        """Describe the older ways to attach to an invocation, and to get its output."""
        found = {"200": self._result(), **_NOT_FOUND, **_ERRORS}
        attach = self._operation(
            f"{self._handler.name}Attach",
            f"Wait for the result of {self._target}",
            parameters,
            found,
            tag="Attach",
            instead="attach",
        )
        output = self._operation(
            f"{self._handler.name}Output",
            f"Get the result of {self._target}",
            parameters,
            {**found, **_NOT_READY},
            tag="Get Output",
            instead="output",
        )
        return {f"{path}/attach": {"get": attach}, f"{path}/output": {"get": output}}

    def _operation(
        self,
        operation_id: str,
        description: str,
        parameters: Sequence[Any],
        responses: Mapping[str, Any],
        *,
        has_body: bool = False,
        tag: str | None = None,
        instead: str | None = None,
    ) -> dict[str, Any]:
        handler = self._handler
        description = handler.documentation or description
        operation: dict[str, Any] = {
            "operationId": operation_id,
            "summary": handler.name,
            "description": description if instead is None else f"{_INSTEAD.format(instead)} {description}",
            "parameters": list(parameters),
            "responses": dict(responses),
        }
        if has_body and handler.input.content_type is not None:
            content = _content(handler.input.content_type, handler.input, f"{handler.name}Request")
            operation["requestBody"] = {"required": handler.input.required, "content": content}
        if tag is not None:
            operation["tags"] = [tag]
        if instead is not None:
            operation["deprecated"] = True
        return operation | _extensions(handler.metadata)

    def _result(self) -> dict[str, Any]:
        output = self._handler.output
        if output.content_type is None:
            return _NO_BODY
        content = _content(output.content_type, output, f"{self._handler.name}Response")
        return {"description": "", "content": content}


def _payloads(handler: Handler) -> Sequence[tuple[str, Input | Output]]:
    return [(f"{handler.name}Request", handler.input), (f"{handler.name}Response", handler.output)]


def _content(content_type: str, declared: Input | Output, name: str) -> dict[str, Any]:
    return {content_type: {} if declared.json_schema is None else {"schema": refer("schemas", name)}}


def _extensions(metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"x-restate-extensions": dict(metadata)} if metadata else {}


def _relocate(schema: Any, place: str) -> Any:
    """Return a schema for another place in a document: references within it point to where it is then."""
    if isinstance(schema, list):
        return [_relocate(each, place) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _relocate_member(name, value, place) for name, value in schema.items()}


def _relocate_member(name: str, value: Any, place: str) -> Any:
    if isinstance(value, str):
        return place + value[1:] if name == "$ref" and value.startswith("#") else value
    if name in _DATA:
        return value
    if name in _MAPS and isinstance(value, dict):
        return {each: _relocate(member, place) for each, member in value.items()}
    if name == "discriminator" and isinstance(value, dict) and isinstance(value.get("mapping"), dict):
        # OpenAPI's own keyword, which pydantic writes: its values are references as well.
        mapping = value["mapping"]
        return {
            **value,
            "mapping": {key: _relocate_member("$ref", ref, place) for key, ref in mapping.items()},
        }
    return _relocate(value, place)
