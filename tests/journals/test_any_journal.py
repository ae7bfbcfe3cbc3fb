"""Any journal completes over every transport, and takes no more memory than its size justifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.journals.journal import AROUND, LARGEST, MIB, Journal, journals
from tests.journals.transports import TRANSPORTS, Transport, open_transport

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: The largest value may be in memory this often: as received, as a Python object, and on its way out through a host.
COPIES = 5
#: Bytes that both languages together keep per entry, beside its value.
ENTRY_SIZE = 1024
#: Bytes on the wire of two entries, beside their value.
ENTRY_FRAMES = 64
#: Bytes that a process keeps anyway: buffers of connections, memory not returned to the system.
CONSTANT = 48 * MIB

#: The largest journals.
LARGE = {
    "one input and one answer": Journal(input_size=LARGEST - AROUND, output_size=LARGEST - AROUND),
    "one result": Journal(results=((1, LARGEST - AROUND),), chunks=(1, 7, 2 * MIB + 1)),
    "values above a window": Journal(2_200_000, 2_200_000, ((12, 2_200_000),), 2_200_000, (100_000, 1)),
    "100,000 entries": Journal(results=((50_000, 100),)),
}


@pytest.fixture(scope="module", params=TRANSPORTS)
def transport(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Transport]:
    # The C library returns the memory of a large value to the system at once, so that peaks are comparable.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MALLOC_MMAP_THRESHOLD_", "131072")
        environment.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
        transport = open_transport(request.param, tmp_path_factory.mktemp(request.param))
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def idle(transport: Transport) -> int:
    """Peak memory of the endpoint's process for a small journal, in bytes."""
    transport.replay(Journal().pieces())
    transport.peak()
    return transport.peak()


def test_any_journal_completes(transport: Transport, idle: int, request: pytest.FixtureRequest) -> None:
    is_long = bool(request.config.getoption("--long-bytes"))
    entries = 100_000 if is_long and transport.largest == LARGEST else 4000
    total = min(transport.largest - entries * ENTRY_FRAMES, LARGEST if is_long else 4 * MIB)

    @settings(
        max_examples=150 if is_long else 8,
        deadline=None,
        phases=[Phase.generate],  # shrinking a journal that hangs would take too long
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(journals(total=total, entries=entries))
    def completes(journal: Journal) -> None:
        check(transport, idle, journal)

    completes()


@pytest.mark.parametrize("shape", LARGE)
def test_largest_journals_complete(transport: Transport, idle: int, shape: str) -> None:
    journal = LARGE[shape]
    if transport.largest < LARGEST:
        journal = shrink(journal, transport.largest)

    check(transport, idle, journal)


def check(transport: Transport, idle: int, journal: Journal) -> None:
    """Replay a journal and check the response and the memory it took."""
    if idle:
        transport.peak()
    answer = transport.replay(journal.pieces())
    peak = transport.peak()

    assert journal.answer() in answer
    allowed = journal.size + COPIES * journal.largest + 2 * journal.count * ENTRY_SIZE + CONSTANT
    assert peak - idle <= allowed, f"{(peak - idle) / MIB:.0f} MiB for {journal.size / MIB:.0f} MiB"


def shrink(journal: Journal, largest: int) -> Journal:
    """Return a journal of the same shape for a transport with a lower limit: smaller or fewer values."""
    scale = (largest - AROUND) / (journal.size + ENTRY_FRAMES * journal.count)
    return Journal(
        int(scale * journal.input_size),
        int(scale * journal.state_size),
        tuple(
            (count, int(scale * size)) if size > ENTRY_SIZE else (int(scale * count), size)
            for count, size in journal.results
        ),
        max(64, int(scale * journal.output_size)),
        journal.chunks,
    )
