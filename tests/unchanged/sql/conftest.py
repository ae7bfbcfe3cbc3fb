"""Both runtimes, filled alike."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.e2e.endpoint import EndpointProcess
from tests.unchanged.runtimes import open_runtime
from tests.unchanged.sql.filling import Filled, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Waits suspend soon.
SETTINGS = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "100ms"}


class Shops(NamedTuple):
    """The real server and the embedded runtime after the same calls."""

    server: Filled
    embedded: Filled


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    with ExitStack() as stack:
        endpoint = EndpointProcess(tmp_path_factory.mktemp("endpoint"), "tests.unchanged.sql.shop:app")
        stack.callback(endpoint.kill)
        endpoint.start()
        server, embedded = (
            stack.enter_context(open_runtime(kind, tmp_path_factory.mktemp(kind), SETTINGS))
            for kind in ("server", "embedded")
        )
        shops = Shops(fill(server, endpoint.url), fill(embedded, endpoint.url))
        for shop in shops:
            stack.callback(shop.admin.close)
        yield shops
