"""A runtime for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    yield harness
    await harness.stop()
