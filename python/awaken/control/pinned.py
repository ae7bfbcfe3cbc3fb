"""Which deployments open invocations need: those that have begun continue where they are pinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.control.errors import NotFoundError

if TYPE_CHECKING:
    from awaken.control.catalog import DeploymentView
    from awaken.control.operations import Operations

__all__ = ["DeploymentUse", "count_pinned", "find_use", "list_uses"]

_COUNT: Final = (
    "SELECT pinned_deployment_id AS deployment, COUNT(*) AS open_count FROM sys_invocation "
    "WHERE status <> 'completed' AND pinned_deployment_id IS NOT NULL GROUP BY pinned_deployment_id"
)


@dataclass(frozen=True, slots=True)
class DeploymentUse:
    """A deployment, and what needs it.

    Args:
        deployment: as the runtime describes it.
        open_invocations: invocations that began there and have not ended; they cannot go on elsewhere by themselves.
        newest_of: names of the services whose new invocations go there.
    """

    deployment: DeploymentView
    open_invocations: int
    newest_of: tuple[str, ...]

    @property
    def is_needed(self) -> bool:
        """Whether something is lost or moved when it is removed."""
        return bool(self.open_invocations or self.newest_of)


async def list_uses(operations: Operations) -> list[DeploymentUse]:
    """Return every deployment with its use, newest first."""
    counts = await count_pinned(operations)
    services = await operations.services()
    return [
        DeploymentUse(
            one,
            counts.get(one.deployment_id, 0),
            tuple(service.name for service in services if service.deployment_id == one.deployment_id),
        )
        for one in await operations.deployments()
    ]


async def count_pinned(operations: Operations) -> dict[str, int]:
    """Return how many open invocations are pinned to deployments, by id, also of those that were removed."""
    return {str(row["deployment"]): int(row["open_count"]) for row in await operations.ask(_COUNT)}


async def find_use(operations: Operations, deployment_id: str) -> DeploymentUse:
    """Return the use of one deployment.

    Raises:
        NotFoundError: there is none with this id.
    """
    for use in await list_uses(operations):
        if use.deployment.deployment_id == deployment_id:
            return use
    raise NotFoundError(
        f"there is no deployment {deployment_id}; `awaken deployments list` shows those there are"
    )
