"""Numbers in memory that a worker writes and another process reads, and that outlive the worker.

The process that forks workers makes the memory of each one before it forks. It belongs to no file: nothing is left
behind, however the processes end. A worker that is killed loses nothing that it has counted, and its successor goes on
in the same memory, so nothing is counted twice.

The memory is a header and records, each written once:

    header   8 bytes: end of the last record
             8 bytes: process id of the worker, 0 without one
             8 bytes: when its event loop last came round, in seconds of the monotonic clock
    record   4 bytes: its size, a multiple of 8
             4 bytes: size of its name
             name: JSON, the path of the instrument and the values of its labels, filled up with spaces
             numbers: 8 bytes each, in the byte order of the machine

A record is complete before the header says that it is there. Each number is written at once; that of buckets and that
of the sum may differ by one value for a moment.
"""

from __future__ import annotations

import json
import logging
import math
import mmap
import struct
import time
from typing import TYPE_CHECKING, Final, cast

from awaken.metrics.instrument_kinds import Kind
from awaken.metrics.instruments import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableSequence

    from awaken.metrics.instrument_kinds import Instrument
    from awaken.metrics.snapshot import Snapshot

__all__ = ["SharedCells"]

log = logging.getLogger("awaken.metrics")

#: Bytes of one worker. Pages that nothing is written to take no memory; a handler takes about 3 KiB.
_SIZE: Final = 32 * 1024 * 1024
_RECORD: Final = struct.Struct("=II")
_FIRST: Final = 24


class SharedCells:
    """The numbers of one worker. Make it before the fork.

    Args:
        size: of the memory, in bytes, a multiple of 8.
    """

    def __init__(self, size: int = _SIZE) -> None:
        self._memory = memoryview(mmap.mmap(-1, size))
        self._words = self._memory.cast("Q")
        self._numbers = self._memory.cast("d")
        self._words[0] = _FIRST
        self._read_until = _FIRST
        #: Where the numbers of each record begin, in words, and how many there are.
        self._records: dict[tuple[Instrument, tuple[str, ...]], tuple[int, int]] = {}
        self._is_full = False

    @property
    def pid(self) -> int:
        """The process that writes here; 0 without one."""
        return self._words[1]

    @pid.setter
    def pid(self, pid: int) -> None:
        self._words[1] = pid

    @property
    def turned_at(self) -> float:
        """When the event loop of the worker last came round, in seconds of the clock that all processes share."""
        return self._numbers[2]

    # ------------------------------------------------------------ for the worker

    def note_turn(self) -> None:
        """Note that the event loop of the worker comes round."""
        self._numbers[2] = time.monotonic()

    def allocate(self, instrument: Instrument, labels: tuple[str, ...], size: int) -> MutableSequence[float]:
        """Return the numbers of a cell. Without room, they are of this process only, and the log says so once."""
        self._read()
        found = self._records.get((instrument, labels))
        if found is None:
            found = self._append(instrument, labels, size)
        if found is None:
            return [0.0] * size
        start, count = found
        return cast("MutableSequence[float]", self._numbers[start : start + count])

    def known(self, instrument: Instrument) -> Iterable[tuple[str, ...]]:
        """Return the labels that an earlier worker has allocated."""
        self._read()
        return [labels for known, labels in self._records if known is instrument]

    def publish(self, values: Snapshot) -> None:
        """Write what gauges show now; those of labels that are missing are not there any more."""
        for (instrument, labels), (start, _) in list(self._records.items()):
            if instrument.kind is Kind.GAUGE and labels not in values.get(instrument, ()):
                self._numbers[start] = math.nan
        for instrument, cellwise in values.items():
            for labels, numbers in cellwise.items():
                self.allocate(instrument, labels, 1)[0] = numbers[0]

    def _append(self, instrument: Instrument, labels: tuple[str, ...], size: int) -> tuple[int, int] | None:
        name = json.dumps([instrument.path, *labels]).encode()
        name += b" " * (-len(name) % 8)
        start = self._words[0]
        end = start + _RECORD.size + len(name) + 8 * size
        if end > len(self._memory):
            if not self._is_full:
                self._is_full = True
                log.warning(
                    "the %d bytes for numbers of a worker are full; %s of %s and what comes later are not shown",
                    len(self._memory),
                    instrument.otel_name,
                    labels,
                )
            return None
        _RECORD.pack_into(self._memory, start, end - start, len(name))
        numbers = start + _RECORD.size + len(name)
        self._memory[start + _RECORD.size : numbers] = name
        # An earlier worker that was killed here may have left a longer name.
        self._memory[numbers:end] = bytes(end - numbers)
        self._words[0] = end
        self._read()
        return self._records[instrument, labels]

    # ------------------------------------------------------------ for the others

    def snapshot(self) -> Snapshot:
        """Return the numbers as they are now; a gauge without a value is NaN."""
        self._read()
        taken: Snapshot = {}
        for (instrument, labels), (start, count) in self._records.items():
            taken.setdefault(instrument, {})[labels] = tuple(self._numbers[start : start + count])
        return taken

    def release(self) -> None:
        """Note that the worker is gone: what its gauges showed is not there any more, what it counted stays."""
        self.publish({})
        self.pid = 0

    def _read(self) -> None:
        """Read the records that were added since the last time."""
        end = self._words[0]
        while self._read_until < end:
            start = self._read_until
            size, name_size = _RECORD.unpack_from(self._memory, start)
            begin = start + _RECORD.size
            if not _RECORD.size + name_size <= size <= end - start:
                log.error("numbers of worker %d cannot be read beyond byte %d of %d", self.pid, start, end)
                self._read_until = end
                return
            self._read_until = start + size
            name = bytes(self._memory[begin : begin + name_size])
            key = _parse(name)
            if key is None:
                log.error("numbers of worker %d cannot be read, of %r", self.pid, name)
                continue
            numbers = begin + name_size
            self._records[key] = (numbers // 8, (start + size - numbers) // 8)


def _parse(name: bytes) -> tuple[Instrument, tuple[str, ...]] | None:
    """Return instrument and labels; None if this is not the name of a record."""
    try:
        path, *labels = json.loads(name)
        instrument = BY_NAME[path]
    except (ValueError, TypeError, KeyError):
        return None
    return (instrument, tuple(labels)) if len(labels) == len(instrument.labels) else None
