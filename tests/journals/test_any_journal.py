"""Any journal completes through every door of an endpoint, and costs it no more memory than its size asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.journals.doors import DOORS, Door, open_door
from tests.journals.journal import AROUND, LARGEST, MIB, Journal, journals

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: How often the largest value is in memory at most: as it came, as Python sees it, and on its way out through a host.
COPIES = 5
#: Of an entry, in bytes: what both languages keep beside its value.
ENTRY_SIZE = 1024
#: Of two entries beside the value, on the wire.
ENTRY_FRAMES = 64
#: What a process keeps for itself: buffers of connections, heaps that are not given back.
CONSTANT = 48 * MIB

#: The largest that there are.
LARGE = {
    "one input and one answer": Journal(input_size=LARGEST - AROUND, output_size=LARGEST - AROUND),
    "one result": Journal(results=((1, LARGEST - AROUND),), chunks=(1, 7, 2 * MIB + 1)),
    "values above a window": Journal(2_200_000, 2_200_000, ((12, 2_200_000),), 2_200_000, (100_000, 1)),
    "100,000 entries": Journal(results=((50_000, 100),)),
}


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    # What the C library takes from the system for one large value it gives back with it, so that peaks are comparable.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MALLOC_MMAP_THRESHOLD_", "131072")
        environment.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
        door = open_door(request.param, tmp_path_factory.mktemp(request.param))
    yield door
    door.close()


@pytest.fixture(scope="module")
def idle(door: Door) -> int:
    """Bytes of memory of the endpoint's process after a first small journal."""
    door.replay(Journal().pieces())
    door.peak()
    return door.peak()


def test_any_journal_completes(door: Door, idle: int, request: pytest.FixtureRequest) -> None:
    is_long = bool(request.config.getoption("--long-bytes"))
    entries = 100_000 if is_long and door.largest == LARGEST else 4000
    total = min(door.largest - entries * ENTRY_FRAMES, LARGEST if is_long else 4 * MIB)

    @settings(
        max_examples=150 if is_long else 8,
        deadline=None,
        phases=[Phase.generate],  # a journal that hangs takes long enough once
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(journals(total=total, entries=entries))
    def completes(journal: Journal) -> None:
        check(door, idle, journal)

    completes()


@pytest.mark.parametrize("shape", LARGE)
def test_largest_journals_complete(door: Door, idle: int, shape: str) -> None:
    journal = LARGE[shape]
    if door.largest < LARGEST:
        journal = shrink(journal, door.largest)

    check(door, idle, journal)


def check(door: Door, idle: int, journal: Journal) -> None:
    """Replay a journal, and look at the answer and at the memory it took."""
    if idle:
        door.peak()
    answer = door.replay(journal.pieces())
    peak = door.peak()

    assert journal.answer() in answer
    allowed = journal.size + COPIES * journal.largest + 2 * journal.count * ENTRY_SIZE + CONSTANT
    assert peak - idle <= allowed, f"{(peak - idle) / MIB:.0f} MiB for {journal.size / MIB:.0f} MiB"


def shrink(journal: Journal, largest: int) -> Journal:
    """Return the same shape for a door that takes less: smaller values, or fewer of them where they are small."""
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
