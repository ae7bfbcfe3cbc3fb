"""The OpenAPI 3.1 document of the admin API itself, with the operations and names of the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from awaken.runtime.admin.admin_schemas import ANSWERS
from awaken.runtime.admin.openapi_parts import refer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["describe_admin_api"]

#: Statuses of a refusal, and what they mean.
_REFUSALS: Final = {
    "400": ("BadRequest", "The request is not valid"),
    "404": ("NotFound", "There is no such thing"),
    "405": ("MethodNotAllowed", "The operation is deprecated"),
    "409": ("Conflict", "It is in another state"),
    "410": ("Gone", "What this needs is not kept any more"),
    "422": ("UnprocessableEntity", "The body or the kind of the invocation does not allow this"),
    "425": ("TooEarly", "The invocation has not started"),
    "500": ("InternalServerError", "The runtime or the endpoint failed"),
    "501": ("NotImplemented", "This is not on the embedded runtime"),
    "503": ("ServiceUnavailable", "The runtime cannot do its work now"),
}
_USUAL: Final = ("400", "404", "405", "409", "500")
_CHANGE: Final = ("400", "404", "409", "503")
_RULES: Final = ("409", "422", "500")

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_NUMBER: Final = {"type": "integer", "minimum": 0}
_INVOCATION: Final = "/invocations/{invocation_id}"
_DEPLOYMENT: Final = {"deployment": "The id of a deployment, `latest` or `keep`"}

#: Method, path, id of the operation, what it does, schema of the answer by status, and the refusals.
_Operation = tuple[str, str, str, str, "Mapping[str, str | None]", "Sequence[str]"]
_OPERATIONS: Final[Sequence[_Operation]] = (
    ("get", "/health", "health", "Tell whether the API answers", {"200": None}, ()),
    ("get", "/version", "version", "Describe the runtime", {"200": "VersionInformation"}, ()),
    *(
        ("get", path, name, f"List {what}", {"200": schema}, refusals)
        for path, name, what, schema, refusals in (
            ("/deployments", "list_deployments", "deployments", "ListDeploymentsResponse", ()),
            ("/services", "list_services", "services", "ListServicesResponse", _USUAL),
            (
                "/services/{service}/handlers",
                "list_service_handlers",
                "the handlers of a service",
                "ListServiceHandlersResponse",
                _USUAL,
            ),
            ("/subscriptions", "list_subscriptions", "subscriptions", "ListSubscriptionsResponse", ()),
            ("/kafka-clusters", "list_kafka_clusters", "Kafka clusters", "ListKafkaClustersResponse", ()),
            ("/awakeables", "list_awakeables", "pending awakeables", "AwakeablePage", ("400", "503")),
            ("/answers", "list_answers", "results of awakeables", "AnswerPage", ("400", "503")),
            (
                "/cluster-health",
                "cluster_health",
                "the members of the cluster",
                "ClusterHealthResponse",
                ("500", "503"),
            ),
        )
    ),
    (
        "post",
        "/deployments",
        "create_deployment",
        "Register an endpoint",
        {"200": "RegisterDeploymentResponse", "201": "RegisterDeploymentResponse"},
        _USUAL,
    ),
    *(
        ("get", path, name, f"Show {what}", {"200": schema}, _USUAL)
        for path, name, what, schema in (
            ("/deployments/{deployment}", "get_deployment", "a deployment", "DetailedDeploymentResponse"),
            ("/services/{service}", "get_service", "a service", "ServiceMetadata"),
            ("/services/{service}/handlers/{handler}", "get_service_handler", "a handler", "HandlerMetadata"),
            ("/services/{service}/openapi", "get_service_openapi", "the OpenAPI of a service", "Document"),
        )
    ),
    (
        "patch",
        "/deployments/{deployment}",
        "update_deployment",
        "Change how an endpoint is reached",
        {"200": "DetailedDeploymentResponse"},
        _USUAL,
    ),
    (
        "delete",
        "/deployments/{deployment}",
        "delete_deployment",
        "Delete a deployment",
        {"202": None},
        (*_USUAL, "501"),
    ),
    ("patch", "/services/{service}", "modify_service", "Change settings", {"200": "ServiceMetadata"}, _USUAL),
    (
        "post",
        "/services/{service}/state",
        "modify_service_state",
        "Replace the state of a key",
        {"202": None},
        _USUAL,
    ),
    ("post", "/query", "query", "Ask in SQL", {"200": "Document"}, ("500", "503")),
    ("delete", _INVOCATION, "delete_invocation", "Cancel, kill or purge it", {"202": None}, _USUAL),
    *(
        ("patch", f"{_INVOCATION}/{change}", name, does, dict.fromkeys(statuses), refusals)
        for change, name, does, statuses, refusals in (
            ("cancel", "cancel_invocation", "Ask the handler to stop", ("200", "202"), _CHANGE),
            ("kill", "kill_invocation", "End it and its children at once", ("200",), _CHANGE),
            ("pause", "pause_invocation", "Run it no further", ("200", "202"), _CHANGE),
            ("resume", "resume_invocation", "Run it again", ("200",), (*_CHANGE, "425")),
            ("purge", "purge_invocation", "Delete it once it is completed", ("200",), _CHANGE),
            ("purge-journal", "purge_journal", "Delete its journal, and keep its result", ("200",), _CHANGE),
        )
    ),
    (
        "patch",
        f"{_INVOCATION}/restart-as-new",
        "restart_as_new_invocation",
        "Start a copy of a completed one",
        {"200": "RestartAsNewInvocationResponse"},
        (*_CHANGE, "410", "422", "425"),
    ),
    *(
        (method, path, name, "Not on the embedded runtime", {}, (*refusals, "501"))
        for method, path, name, refusals in (
            ("post", "/subscriptions", "create_subscription", _USUAL),
            ("get", "/subscriptions/{subscription}", "get_subscription", _USUAL),
            ("delete", "/subscriptions/{subscription}", "delete_subscription", _USUAL),
            ("post", "/kafka-clusters", "create_kafka_cluster", _USUAL),
            ("get", "/kafka-clusters/{cluster_name}", "get_kafka_cluster", _USUAL),
            ("patch", "/kafka-clusters/{cluster_name}", "update_kafka_cluster", _USUAL),
            ("delete", "/kafka-clusters/{cluster_name}", "delete_kafka_cluster", _USUAL),
            ("put", "/limits/rules", "upsert_rules", _RULES),
            ("post", "/limits/rules/bulk-delete", "bulk_delete_rules", _RULES),
            ("post", "/vqueues/{vqueue_id}/pause", "pause_vqueue", _USUAL),
            ("post", "/vqueues/{vqueue_id}/resume", "resume_vqueue", _USUAL),
        )
    ),
)
#: Parameters of queries, by operation.
_PARAMETERS: Final[Mapping[str, Mapping[str, tuple[dict[str, Any], str]]]] = {
    "delete_deployment": {"force": (_FLAG, "Must be true: what is pinned to it cannot go on")},
    "delete_invocation": {"mode": (_TEXT, "`cancel`, which is the default, `kill` or `purge`")},
    "resume_invocation": {"deployment": (_TEXT, _DEPLOYMENT["deployment"])},
    "restart_as_new_invocation": {
        "from": (_NUMBER, "The last entry of the journal to keep; 0 keeps the input only"),
        "deployment": (_TEXT, _DEPLOYMENT["deployment"]),
    },
    "list_subscriptions": {"sink": (_TEXT, "Only of this sink"), "source": (_TEXT, "Only of this source")},
    "get_kafka_cluster": {"include_subscriptions": (_FLAG, "Whether to list them")},
    "delete_kafka_cluster": {"force": (_FLAG, "Also if it has subscriptions")},
    "list_awakeables": {
        **{name: (_TEXT, f"Only of this {name}") for name in ("service", "key", "invocation")},
        "limit": (_NUMBER, "How many"),
        "after": (_TEXT, "The `next` of the page before"),
    },
    "list_answers": {
        **{name: (_TEXT, f"Only of this {name}") for name in ("service", "key")},
        "limit": (_NUMBER, "How many"),
        "after": (_TEXT, "The `next` of the page before"),
    },
}
_DEPRECATED: Final = frozenset(("cluster_health", "delete_invocation"))


def describe_admin_api(bodies: Mapping[str, tuple[str, Any]], version: str) -> dict[str, Any]:
    """Return the document.

    Args:
        bodies: the name and the type of the JSON that an operation reads, by the operation's id.
        version: of the server whose API this is.
    """
    requests = _schemas(bodies.values())
    paths: dict[str, Any] = {}
    for method, path, name, does, answers, refusals in _OPERATIONS:
        operation: dict[str, Any] = {
            "operationId": name,
            "summary": does,
            "tags": [path.strip("/").partition("/")[0].removesuffix("s")],
            "parameters": [*_path_parameters(path), *_query_parameters(name)],
            "responses": {
                **{status: _answer(schema) for status, schema in answers.items()},
                **{status: refer("responses", _REFUSALS[status][0]) for status in refusals},
            },
        }
        if name in bodies:
            content = {"application/json": {"schema": refer("schemas", bodies[name][0])}}
            operation["requestBody"] = {"required": True, "content": content}
        if name in _DEPRECATED:
            operation["deprecated"] = True
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Admin API", "version": version},
        "paths": paths,
        "components": {
            "schemas": {**ANSWERS, **requests, "Document": {"description": "A document of its own kind"}},
            "responses": {
                name: {"description": description, "content": _json("ErrorDescriptionResponse")}
                for name, description in _REFUSALS.values()
            },
        },
    }


def _schemas(bodies: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the schema of each type that requests have, by its name in the document."""
    found: dict[str, Any] = {}
    for name, kind in bodies:
        document = msgspec.json.schema(kind)
        definitions = document.pop("$defs", {})
        found[name] = _inlined(document, definitions)
    return found


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with its definitions in place, without the names of our types."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(reference := schema.get("$ref"), str):
        return _inlined(definitions[reference.rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items() if name != "title"}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names]


def _query_parameters(operation: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
        for name, (schema, description) in _PARAMETERS.get(operation, {}).items()
    ]


def _answer(schema: str | None) -> dict[str, Any]:
    return {"description": "Done"} if schema is None else {"description": "Done", "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": refer("schemas", schema)}}
