"""Both runtimes with one application."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.e2e.endpoint import EndpointProcess
from tests.unchanged.admin_api.sides import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unchanged.runtimes import Both


class Sides(NamedTuple):
    """The real server and the embedded runtime."""

    server: Side
    embedded: Side


@pytest.fixture(scope="session")
def sides(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    endpoint = EndpointProcess(
        tmp_path_factory.mktemp("admin_api"), "tests.unchanged.admin_api.application:app"
    )
    endpoint.start()
    found = Sides(Side(both.server), Side(both.embedded))
    try:
        for side in found:
            side.admin.post("/deployments", json={"uri": endpoint.url}).raise_for_status()
        yield found
    finally:
        for side in found:
            side.close()
        endpoint.kill()
