"""Nothing here reports to OpenAI what agents do, or asks its models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import agents
import pytest

from tests.unchanged.agents.openai.model_server import ModelServer, serve_models

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_tracing() -> Iterator[None]:
    agents.set_tracing_disabled(True)
    yield
    agents.set_tracing_disabled(False)


@pytest.fixture(scope="session")
def models() -> Iterator[ModelServer]:
    """A server of models, which the processes of the program use."""
    with serve_models() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_BASE_URL", server.url)
        environment.setenv("OPENAI_API_KEY", "none")
        yield server
