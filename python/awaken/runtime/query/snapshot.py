"""What queries show that is not in the store's tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken.runtime.schema import Schema

__all__ = ["Snapshot", "take_snapshot"]

_TYPES: Final = {"service": "service", "object": "virtual_object", "workflow": "workflow"}


class Snapshot(NamedTuple):
    """Rows as they are at one moment, safe to hand to another thread."""

    #: Name, revision, public, type, deployment.
    services: tuple[tuple[str, int, bool, str, str], ...]
    #: Id, address, creation, lowest and highest protocol version, SDK version, services as JSON.
    deployments: tuple[tuple[str, str, int, int, int, str | None, str], ...]
    #: Invocation and future, as JSON, of handlers that reported what they await.
    awaited: tuple[tuple[str, str], ...]


def take_snapshot(schema: Schema, awaited: Iterable[tuple[str, str]] = ()) -> Snapshot:
    """Return what is registered and awaited now."""
    return Snapshot(
        services=tuple(
            (service.name, service.revision, service.is_public, _TYPES[service.kind], service.deployment_id)
            for service in schema.services()
        ),
        deployments=tuple(
            (
                deployment.deployment_id,
                deployment.uri,
                deployment.created_at_ms,
                deployment.min_protocol_version,
                deployment.max_protocol_version,
                deployment.sdk_version,
                json.dumps(list(deployment.services)),
            )
            for deployment in schema.deployments()
        ),
        awaited=tuple(awaited),
    )
