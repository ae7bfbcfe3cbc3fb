"""Applications, tools and agent frameworks of others, which are not told that the runtime or the SDK is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unchanged.runtimes import KINDS, Both, open_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.runtime import Runtime


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The real server and the embedded runtime side by side, for what is compared between them."""
    with (
        open_runtime("server", tmp_path_factory.mktemp("server")) as server,
        open_runtime("embedded", tmp_path_factory.mktemp("embedded")) as embedded,
    ):
        yield Both(server, embedded)


@pytest.fixture(params=KINDS)
def runtime(request: pytest.FixtureRequest, both: Both) -> Runtime:
    """One after the other: a test that takes this runs on both runtimes, which it shares with all other tests."""
    return both.of(request.param)
