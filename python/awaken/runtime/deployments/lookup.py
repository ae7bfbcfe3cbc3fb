"""What is registered, in memory: deployments by id and services by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken.runtime.schema import Deployment, ServiceSchema

__all__ = ["Lookup"]


class Lookup:
    """The deployments by id, and the latest revision of every service by name."""

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self.deployments = {deployment.deployment_id: deployment for deployment in deployments}
        self.services: dict[str, ServiceSchema] = {}
        for deployment in self.deployments.values():
            for name, service in deployment.services.items():
                before = self.services.get(name)
                if before is None or before.revision < service.revision:
                    self.services[name] = service
