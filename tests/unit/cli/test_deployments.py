"""A deployment is removed by force, so the command itself looks for what needs it: before, and again afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from awaken.cli.deployments import remove_unless_needed
from awaken.cli.failures import CommandError
from awaken.control.catalog import DeploymentView

if TYPE_CHECKING:
    from awaken.control.remote import RemoteOperations

ID = "dp_1old"


class FakeRuntime:
    """A runtime with one deployment, to which invocations are pinned before it is removed and meanwhile."""

    def __init__(self, before: int, meanwhile: int) -> None:
        self.is_removed = False
        self._count = before
        self._meanwhile = meanwhile

    async def ask(self, _sql: str) -> list[dict[str, Any]]:
        return [{"deployment": ID, "open_count": self._count}] if self._count else []

    async def services(self) -> list[Any]:
        return []

    async def deployments(self) -> list[DeploymentView]:
        return [DeploymentView(ID, "http://old:9080", "BidiStream", "HTTP/2.0", "", 5, 7, "", ())]

    async def remove_deployment(self, deployment_id: str) -> None:
        assert deployment_id == ID
        self._count += self._meanwhile
        self.is_removed = True


async def remove(runtime: FakeRuntime, *, force: bool = False) -> int:
    use = await remove_unless_needed(cast("RemoteOperations", runtime), ID, force=force)
    return use.open_invocations


async def test_what_is_needed_stays_without_force() -> None:
    runtime = FakeRuntime(2, 0)

    with pytest.raises(CommandError, match="2 open invocations are pinned to it"):
        await remove(runtime)

    assert not runtime.is_removed


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("count", "what"),
    [(1, "1 invocation was pinned to it meanwhile"), (3, "3 invocations were pinned to it")],
)
async def test_what_is_pinned_between_check_and_removal_is_told(count: int, what: str, force: bool) -> None:
    runtime = FakeRuntime(2 if force else 0, count)

    with pytest.raises(CommandError, match=rf"removed dp_1old \(http://old:9080\), but {what}"):
        await remove(runtime, force=force)

    assert runtime.is_removed


async def test_force_removes_what_was_needed_before() -> None:
    assert await remove(FakeRuntime(0, 0)) == 0
    assert await remove(FakeRuntime(2, 0), force=True) == 2
