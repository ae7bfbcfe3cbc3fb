"""Options of all tests: here, pytest finds them for every path it is given."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

# How long an example takes depends on how busy the machine is.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")

pytest_plugins = ["tests.chromium", "tests.leftovers", "tests.parallel"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--runtime", choices=["embedded", "server"], default="server", help="what tests/e2e runs against"
    )
    parser.addoption(
        "--long-bytes", action="store_true", help="more and larger journals and values; make test-bytes"
    )
    parser.addoption("--cluster-rounds", type=int, default=10, help="faults in tests/cluster")
    parser.addoption("--cluster-seed", type=int, help="repeats the faults of another run of tests/cluster")


def pytest_collection_finish() -> None:
    """Exclude what stays until the end from garbage collections, which some tests request."""
    gc.collect()
    gc.freeze()
