from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.testing import open_environment

from tests.unit.testing import app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from awaken.testing import Environment


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    app.OUTSIDE.clear()
    app.TRIES.clear()


@pytest_asyncio.fixture(params=[False, True], ids=["keeping", "replaying"])
async def env(request: pytest.FixtureRequest) -> AsyncIterator[Environment]:
    async with open_environment(app.app, always_replay=request.param) as environment:
        yield environment
