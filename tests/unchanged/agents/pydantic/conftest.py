"""The application under both SDKs and on both runtimes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.compat.serving import SDKS
from tests.unchanged.agents.pydantic.handlers import Counting
from tests.unchanged.agents.pydantic.sides import serve
from tests.unchanged.runtimes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.unchanged.agents.pydantic.sides import Side
    from tests.unchanged.runtimes import Both


@pytest.fixture(scope="module")
def sides(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Side]]:
    """Both SDKs on the real server."""
    with ExitStack() as stack:
        yield {
            sdk: stack.enter_context(serve(sdk, sdk.title(), both.server, tmp_path_factory.mktemp(sdk)))
            for sdk in SDKS
        }


@pytest.fixture(scope="module")
def ours(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Side]]:
    """Our SDK on both runtimes."""
    with ExitStack() as stack:
        ours = {
            kind: stack.enter_context(serve("awaken", "Killed", both.of(kind), tmp_path_factory.mktemp(kind)))
            for kind in KINDS
        }
        yield ours
        for side in ours.values():
            assert "attempt was over" not in side.serving.log


@pytest.fixture(params=KINDS)
def own(request: pytest.FixtureRequest, ours: Mapping[str, Side]) -> Side:
    """Our SDK, on one runtime after the other, for tests that kill its process and start it again."""
    return ours[request.param]


@pytest.fixture
def counting() -> Counting:
    """Counts of this test."""
    return Counting()


@pytest.fixture(autouse=True)
def _unwinds_in_silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test whose handlers seem to swallow the end of their attempts: Pydantic AI passes it on."""
    yield
    assert "attempt was over" not in "".join(record.getMessage() for record in caplog.get_records("call"))
