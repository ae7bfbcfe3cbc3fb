"""What all tests of agents share."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def unbegun_work() -> Iterator[None]:
    """Let go, within this test, of what a crash has left: frameworks pass coroutines to tasks that never begin."""
    yield
    gc.collect()
