"""Routes for what a server has and the embedded runtime has not: Kafka, limits, virtual queues, and serdes.

Lists are empty, what is looked up does not exist, and what would have to be created is refused with what to do instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from awaken.runtime.admin.answers import AdminError, answer_json
from awaken.runtime.admin.reading import read_flag, read_path_id, read_path_name
from awaken.runtime.identifiers import reason_against_queue_id

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.runtime.admin.reading import Bodies
    from awaken.runtime.deployments import Deployments

__all__ = ["AbsentRoutes"]

_KAFKA: Final = (
    "consumes no topics of Kafka: call the ingress from a consumer of yours, or use a Restate server"
)
_LIMITS: Final = "has no rules for limits: use a Restate server"
_QUEUES: Final = "has no virtual queues: use a Restate server"
_SERDES: Final = "does not ask endpoints to encode or decode values: read them as they are stored"


class _Subscription(msgspec.Struct):
    source: str
    sink: str
    options: dict[str, str] | None = None


class _Properties(msgspec.Struct):
    properties: dict[str, str]


class _Cluster(_Properties):
    name: str


class _Rule(msgspec.Struct):
    pattern: str
    description: str | None = None
    disabled: bool = False


class _DeletedRule(msgspec.Struct):
    pattern: str
    expected_version: int | None = None


class AbsentRoutes:
    """Answers the routes about them."""

    #: What requests contain, by the operation in the OpenAPI document.
    bodies: Final = {
        "create_subscription": ("CreateSubscriptionRequest", _Subscription),
        "create_kafka_cluster": ("CreateKafkaClusterRequest", _Cluster),
        "update_kafka_cluster": ("UpdateKafkaClusterRequest", _Properties),
        "upsert_rules": ("UpsertRulesRequest", list[_Rule]),
        "bulk_delete_rules": ("DeleteRulesRequest", list[_DeletedRule]),
    }

    def __init__(self, deployments: Deployments, bodies: Bodies) -> None:
        self._deployments = deployments
        self._read_json = bodies.read_json

    async def list_subscriptions(self, request: Request) -> Response:
        """Answer `GET /subscriptions`."""
        return answer_json(200, {"subscriptions": []})

    async def subscribe(self, request: Request) -> Response:
        """Answer `POST /subscriptions`."""
        await self._read_json(request, _Subscription)
        raise _refuse(_KAFKA)

    async def show_subscription(self, request: Request) -> Response:
        """Answer `GET /subscriptions/{id}`."""
        name = read_path_id(request, "subscription", "sub")
        raise AdminError(404, f"The requested subscription '{name}' does not exist")

    async def unsubscribe(self, request: Request) -> Response:
        """Answer `DELETE /subscriptions/{id}`."""
        name = read_path_id(request, "subscription", "sub")
        raise AdminError(404, f"not found in the schema registry: subscription with id '{name}'")

    async def list_clusters(self, request: Request) -> Response:
        """Answer `GET /kafka-clusters`."""
        return answer_json(200, {"clusters": []})

    async def add_cluster(self, request: Request) -> Response:
        """Answer `POST /kafka-clusters`."""
        await self._read_json(request, _Cluster)
        raise _refuse(_KAFKA)

    async def show_cluster(self, request: Request) -> Response:
        """Answer `GET /kafka-clusters/{name}?include_subscriptions=`."""
        read_flag(request, "include_subscriptions")
        name = read_path_name(request, "cluster")
        raise AdminError(404, f"The requested Kafka cluster '{name}' does not exist")

    async def change_cluster(self, request: Request) -> Response:
        """Answer `PATCH /kafka-clusters/{name}`."""
        await self._read_json(request, _Properties)
        name = read_path_name(request, "cluster")
        raise AdminError(404, f"not found in the schema registry: kafka cluster '{name}'")

    async def remove_cluster(self, request: Request) -> Response:
        """Answer `DELETE /kafka-clusters/{name}`."""
        read_flag(request, "force")
        name = read_path_name(request, "cluster")
        raise AdminError(404, f"not found in the schema registry: kafka cluster named '{name}'")

    async def set_rules(self, request: Request) -> Response:
        """Answer `PUT /limits/rules`."""
        if await self._read_json(request, list[_Rule]):
            raise _refuse(_LIMITS)
        return answer_json(200, [])

    async def delete_rules(self, request: Request) -> Response:
        """Answer `POST /limits/rules/bulk-delete`: it returns the patterns of the rules that it deleted."""
        for rule in await self._read_json(request, list[_DeletedRule]):
            if rule.expected_version is not None:
                raise AdminError(
                    409,
                    f"rule precondition Matches(v{rule.expected_version}) for pattern {rule.pattern} failed (actual "
                    "version: None)",
                )
        return answer_json(200, [])

    async def change_queue(self, request: Request) -> Response:
        """Answer `POST /vqueues/{id}/pause` and `/resume`."""
        reason = reason_against_queue_id(read_path_name(request, "queue"))
        if reason is not None:
            raise AdminError(400, f"The request field 'vqueue_id' is invalid. Reason: {reason}")
        raise _refuse(_QUEUES)

    async def use_serde(self, request: Request) -> Response:
        """Answer `POST /internal/services/{s}/serdes/decode/{name}` and `/encode/{name}`."""
        name = read_path_name(request, "service")
        if self._deployments.service(name) is None:
            raise AdminError(404, f"The requested service '{name}' does not exist")
        raise _refuse(_SERDES)


def _refuse(reason: str) -> AdminError:
    return AdminError(501, f"This is not on the embedded runtime. It {reason}.")
