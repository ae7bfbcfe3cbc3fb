"""The JSON Schemas of what the admin API answers, under the names that the server's document has for them."""

from __future__ import annotations

from typing import Any, Final

from awaken.runtime.admin.openapi_parts import refer

__all__ = ["ANSWERS"]

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
_FLAG: Final = {"type": "boolean"}
_TEXTS: Final = {"type": "object", "additionalProperties": _TEXT}
_DURATION: Final = {"type": "string", "description": "A number with a unit, such as 10s or 1d"}
_TIME: Final = {"type": "string", "format": "date-time"}
_SCHEMA: Final = {"description": "A JSON Schema"}


def _choice(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "object", "properties": {**required, **(optional or {})}}
    return described | ({"required": list(required)} if required else {})


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


#: Of a deployment, with its services in full or by name.
_DEPLOYMENT: Final = {
    "id": _TEXT,
    "uri": {"type": "string", "format": "uri"},
    "protocol_type": _choice("RequestResponse", "BidiStream"),
    "http_version": _TEXT,
    "created_at": _TIME,
    "min_protocol_version": _NUMBER,
    "max_protocol_version": _NUMBER,
}
_DEPLOYMENT_EXTRAS: Final = {
    "additional_headers": _TEXTS,
    "metadata": _TEXTS,
    "sdk_version": _TEXT,
    "info": _list(refer("schemas", "SchemaInfo")),
}
#: What services and handlers have both.
_EXTRAS: Final = {
    "documentation": _TEXT,
    "metadata": _TEXTS,
    "public": _FLAG,
    "idempotency_retention": _DURATION,
    "journal_retention": _DURATION,
    "inactivity_timeout": _DURATION,
    "abort_timeout": _DURATION,
    "enable_lazy_state": _FLAG,
    "info": _list(refer("schemas", "SchemaInfo")),
}
_RETRY_POLICY: Final = {
    "initial_interval": _DURATION,
    "exponentiation_factor": {"type": "number"},
    "max_attempts": _nullable(_NUMBER),
    "max_interval": {**_DURATION, "type": ["string", "null"]},
    "on_max_attempts": _choice("Pause", "Kill"),
}
_CLUSTER: Final = {"name": _TEXT, "properties": _TEXTS, "created_at": _TIME}

#: By name.
ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "ErrorDescriptionResponse": _object({"message": _TEXT}, {"restate_code": _nullable(_TEXT)}),
    "QueryErrorBody": _object({"message": _TEXT}),
    "VersionInformation": _object(
        {
            "version": _TEXT,
            "min_admin_api_version": _NUMBER,
            "max_admin_api_version": _NUMBER,
            "features": {"type": "object", "additionalProperties": _FLAG},
        },
        {"ingress_endpoint": _TEXT, "runtime": _TEXT},
    ),
    "ClusterHealthResponse": _object(
        {"cluster_name": _TEXT},
        {"metadata_cluster_health": refer("schemas", "EmbeddedMetadataClusterHealth")},
    ),
    "EmbeddedMetadataClusterHealth": _object({"members": _list(_NUMBER)}),
    "SchemaInfo": _object({"message": _TEXT}, {"code": _TEXT}),
    "ListDeploymentsResponse": _object(
        {"deployments": _list(refer("schemas", "DeploymentResponse"))},
        {"unreadable": _list(_object({"id": _TEXT, "reason": _TEXT}))},
    ),
    "DeploymentResponse": _object(
        {**_DEPLOYMENT, "services": _list(refer("schemas", "ServiceNameRevPair"))}, _DEPLOYMENT_EXTRAS
    ),
    "DetailedDeploymentResponse": _object(
        {**_DEPLOYMENT, "services": _list(refer("schemas", "ServiceMetadata"))}, _DEPLOYMENT_EXTRAS
    ),
    "RegisterDeploymentResponse": _object(
        {"id": _TEXT, "services": _list(refer("schemas", "ServiceMetadata"))},
        {
            "min_protocol_version": _NUMBER,
            "max_protocol_version": _NUMBER,
            "sdk_version": _TEXT,
            "info": _list(refer("schemas", "SchemaInfo")),
        },
    ),
    "ServiceNameRevPair": _object({"name": _TEXT, "revision": _NUMBER}),
    "ListServicesResponse": _object({"services": _list(refer("schemas", "ServiceMetadata"))}),
    "ServiceMetadata": _object(
        {
            "name": _TEXT,
            "ty": _choice("Service", "VirtualObject", "Workflow"),
            "handlers": _list(refer("schemas", "HandlerMetadata")),
            "deployment_id": _TEXT,
            "revision": _NUMBER,
        },
        {**_EXTRAS, "workflow_completion_retention": _DURATION, "retry_policy": _object({}, _RETRY_POLICY)},
    ),
    "ListServiceHandlersResponse": _object({"handlers": _list(refer("schemas", "HandlerMetadata"))}),
    "HandlerMetadata": _object(
        {"name": _TEXT, "input_description": _TEXT, "output_description": _TEXT},
        {
            **_EXTRAS,
            "ty": _choice("Exclusive", "Shared", "Workflow"),
            "input_json_schema": _SCHEMA,
            "output_json_schema": _SCHEMA,
            "retry_policy": _object({}, _RETRY_POLICY),
        },
    ),
    "RestartAsNewInvocationResponse": _object({"new_invocation_id": _TEXT}),
    "ListSubscriptionsResponse": _object({"subscriptions": _list(refer("schemas", "SubscriptionResponse"))}),
    "SubscriptionResponse": _object({"id": _TEXT, "source": _TEXT, "sink": _TEXT, "options": _TEXTS}),
    "ListKafkaClustersResponse": _object({"clusters": _list(refer("schemas", "SimpleKafkaClusterResponse"))}),
    "SimpleKafkaClusterResponse": _object(_CLUSTER, {"info": _list(refer("schemas", "SchemaInfo"))}),
    "RuleResponse": _object({"pattern": _TEXT, "disabled": _FLAG, "version": _NUMBER}),
    "AwakeablePage": _object(
        {"awakeables": _list({"type": "object"})}, {"next": {"type": ["string", "null"]}}
    ),
    "AnswerPage": _object({"answers": _list({"type": "object"})}, {"next": {"type": ["string", "null"]}}),
}
