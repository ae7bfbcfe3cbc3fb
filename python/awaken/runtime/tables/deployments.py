"""The table of registered deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awaken.runtime.store.store import Store

__all__ = ["DeploymentRows"]


class DeploymentRows:
    """An `awaken.runtime.deployments.DeploymentStore` in the runtime's database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_deployments(self) -> list[tuple[str, str]]:
        """Return id and document of all deployments, oldest first."""
        return self._store.fetch("SELECT id, document FROM deployment ORDER BY created_at, id").fetchall()

    async def save_deployment(self, deployment_id: str, created_at_ms: int, document: str) -> None:
        """Store a document in place of an earlier one of this deployment. Raises StoreError."""
        self._store.write(
            "INSERT INTO deployment (id, created_at, document) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, document = excluded.document",
            (deployment_id, created_at_ms, document),
        )
        await self._store.committed()

    async def delete_deployment(self, deployment_id: str) -> None:
        """Delete a document. Raises StoreError."""
        self._store.write("DELETE FROM deployment WHERE id = ?", (deployment_id,))
        await self._store.committed()
