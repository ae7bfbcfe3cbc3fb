"""Fixtures that the benchmarks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture


@pytest.fixture
def note_entries(benchmark: BenchmarkFixture) -> Callable[[int], None]:
    """Save the time per journal entry, so that journals of different lengths can be compared."""

    def note(entries: int) -> None:
        benchmark.extra_info["entries"] = entries
        # Disabled benchmarks run once, as tests, and have no statistics.
        if benchmark.stats is not None:
            benchmark.extra_info["ns_per_entry"] = round(benchmark.stats["median"] / entries * 1e9)

    return note
