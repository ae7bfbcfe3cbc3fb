"""Journals of any shape, recorded and replayed by a runtime: a handler gets the same results after a suspension."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.e2e.services.sizes import make_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.ingress import Client

MB = 1_000_000
#: With its usual settings, the server pauses an invocation at 32 MiB. Every action is followed by a replay of all.
LARGEST_ON_A_SERVER = [(12, 2_500_000), (1, MB)]
LARGEST = [(5, 20 * MB)]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.lanes("h2-v6-suspending", "h2-v7-suspending", "h1-v6"),
]

Results = list[tuple[int, int]]


@pytest.fixture(autouse=True)
def _patience(client: Client) -> Iterator[None]:
    """Allow as much time for many bytes as a busy machine takes."""
    usual, client.ingress.timeout = client.ingress.timeout, httpx.Timeout(200)
    yield
    client.ingress.timeout = usual


@st.composite
def results(draw: st.DrawFn, *, total: int) -> Results:
    """Draw groups of actions, as their number and the bytes of each result, with this many bytes in total."""
    left = total
    groups = []
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.one_of(st.integers(0, min(100, left)), st.integers(0, left)))
        count = draw(st.integers(1, max(1, min(30, left // max(size, 1)))))
        groups.append((count, size))
        left -= count * size
    return groups


def test_any_journal_is_recorded_and_replayed(client: Client, request: pytest.FixtureRequest) -> None:
    is_long = bool(request.config.getoption("--long-bytes"))
    half = 15 * MB if is_long else 2 * MB

    @settings(
        max_examples=100 if is_long else 6,
        deadline=None,
        phases=[Phase.generate],  # shrinking an example that hangs would take too long
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.integers(0, half), results(total=half))
    def completes(size: int, groups: Results) -> None:
        check(client, size, groups)

    completes()


@pytest.mark.lanes("h2-v7-suspending", "h1-v6")
def test_largest_journal_is_recorded_and_replayed(client: Client, request: pytest.FixtureRequest) -> None:
    is_server = request.config.getoption("--runtime") == "server"

    check(client, 0, LARGEST_ON_A_SERVER if is_server else LARGEST)


def check(client: Client, size: int, groups: Results) -> None:
    """Record and replay, and compare the digest."""
    text = "i" * size
    digest = hashlib.sha256(text.encode())
    for index, (count, length) in enumerate(groups):
        for _ in range(count):
            digest.update(make_letters(index, length).encode())

    assert client.call("Sizes/pile", {"text": text, "results": groups}) == digest.hexdigest()
