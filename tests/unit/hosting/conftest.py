"""Runtimes without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks

from tests.unit.hosting.measured import Measured
from tests.unit.runtime.conftest import harness as harness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def links() -> None:
    signer = LinkSigner({"test": b"not a secret, for tests of links"})
    configure_callbacks(CallbackSettings("http://localhost/callbacks", signer))


@pytest_asyncio.fixture
async def measured(tmp_path: Path, links: None) -> AsyncIterator[Measured]:
    one = Measured(tmp_path)
    await one.begin()
    yield one
    await one.stop()
