"""Nothing here reports to OpenAI what agents do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import agents
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_tracing() -> Iterator[None]:
    agents.set_tracing_disabled(True)
    yield
    agents.set_tracing_disabled(False)
