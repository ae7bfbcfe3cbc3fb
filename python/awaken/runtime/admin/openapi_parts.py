"""Parts of OpenAPI documents: references, and the parameters and answers of the ingress."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["CALL_COMPONENTS", "ERROR_SCHEMA", "refer"]


def refer(section: str, name: str) -> dict[str, str]:
    """Return a reference to a component of the document."""
    return {"$ref": f"#/components/{section}/{name}"}


#: Each error of the ingress, and each failure of an invocation. Some errors of paths have no code.
ERROR_SCHEMA: Final[dict[str, Any]] = {
    "title": "RestateError",
    "description": "Why a request was refused, or how the invocation failed",
    "type": "object",
    "properties": {
        "code": {"type": "number", "title": "Code of the error"},
        "message": {"type": "string", "title": "What happened"},
        "metadata": {
            "type": "object",
            "title": "What the handler added",
            "additionalProperties": {"type": "string"},
        },
        "source": {
            "type": "string",
            "title": "Where it comes from",
            "description": "`ingress` if the request was refused, with a status of the runtime; `invocation` if the "
            "invocation failed, with a status of the application. The header `x-restate-error-source` has the same.",
            "enum": ["ingress", "invocation"],
        },
        "stacktrace": {"type": "string", "title": "Where the handler failed"},
    },
    "required": ["message", "source"],
    "additionalProperties": False,
}

_SEND_SCHEMA: Final[dict[str, Any]] = {
    "title": "RestateSendResponse",
    "type": "object",
    "properties": {
        "invocationId": {"type": "string"},
        "status": {"type": "string", "enum": ["Accepted", "PreviouslyAccepted"]},
        "executionTime": {
            "type": "string",
            "format": "date-time",
            "description": "When the handler starts, if a delay was given",
        },
    },
    "required": ["invocationId", "status"],
    "additionalProperties": False,
}


def _parameter(place: str, name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "in": place,
        "name": name,
        "description": description,
        "required": required,
        "schema": {"type": "string"},
    }


def _response(description: str, schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


_ERROR: Final = refer("schemas", "RestateError")

#: Parameters and responses of the ingress.
CALL_COMPONENTS: Final[dict[str, Any]] = {
    "parameters": {
        "key": _parameter("path", "key", "The key of the object or workflow", required=True),
        "idempotencyKeyHeader": _parameter(
            "header", "idempotency-key", "Requests with the same key are one invocation"
        ),
        "idempotencyKeyPath": _parameter(
            "path", "idempotencyKey", "The idempotency key of the invocation", required=True
        ),
        "delay": {
            **_parameter("query", "delay", "How long to wait before the handler starts"),
            "example": "10s",
        },
    },
    "responses": {
        "GenericError": _response(
            "The request was refused, or the invocation failed",
            _ERROR,
            {"code": 500, "message": "Internal server error", "source": "invocation"},
        ),
        "InvocationNotFoundError": _response(
            "There is no such invocation",
            _ERROR,
            {"code": 404, "message": "invocation not found", "source": "ingress"},
        ),
        "InvocationNotReadyError": _response(
            "The invocation has no result yet",
            _ERROR,
            {
                "code": 470,
                "message": "the invocation exists but has not completed yet",
                "source": "ingress",
            },
        ),
        "Send": _response(
            "The invocation was accepted",
            _SEND_SCHEMA,
            {"invocationId": "inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz", "status": "Accepted"},
        ),
    },
}
