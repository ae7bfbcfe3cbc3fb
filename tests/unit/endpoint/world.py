"""The runtime of one invocation, in memory: a journal, and results that come in any order.

A handler whose tasks are scheduled deterministically is a function of the order of its results: however its attempts
are cut, it issues the same commands in the same order.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awaken import _core

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    import random

    from awaken.service.definition import Definition

FIRST_SIGNAL = 17
LARGEST_JOURNAL = 400
TURNS = 20_000

SUSPENSION, ERROR, END, PROPOSAL, AWAITING = 0x0001, 0x0002, 0x0003, 0x0005, 0x0006
OUTPUT, GET_STATE, SLEEP, CALL, RUN = 0x0401, 0x0402, 0x040C, 0x040D, 0x0411


@dataclass(frozen=True)
class Entry:
    """One item of the journal."""

    code: int
    payload: bytes

    @property
    def frame(self) -> bytes:
        return frames.frame(self.code, self.payload)

    @property
    def is_notification(self) -> bool:
        return self.code >= 0x8000

    def __repr__(self) -> str:
        return f"{self.code:#06x} {self.payload!r}"


@dataclass
class Attempt:
    """One attempt, and what it said so far."""

    call: Call
    commands: list[Entry] = field(default_factory=list)
    proposals: list[Entry] = field(default_factory=list)
    ending: Entry | None = None
    _read: int = 0

    async def rest(self) -> None:
        """Turn the loop until nothing is left to do, and read what came out."""
        loop = asyncio.get_running_loop()
        for _ in range(TURNS):
            await asyncio.sleep(0)
            if not loop._ready:  # type: ignore[attr-defined]  # the exact answer, and only this loop has it
                break
        else:
            raise AssertionError("the attempt never comes to rest")
        body = self.call.exchange.body
        decoder = _core.Decoder()
        decoder.receive(body[self._read :])
        self._read = len(body)
        while (message := decoder.take_message()) is not None:
            assert self.ending is None, f"{message.name} after the end"
            entry = Entry(message.code, message.payload)
            if entry.code in (SUSPENSION, ERROR, END):
                self.ending = entry
            elif entry.code == PROPOSAL:
                self.proposals.append(entry)
            elif entry.code == SLEEP:
                self.commands.append(_timeless(entry))
            elif entry.code != AWAITING:
                self.commands.append(entry)
        assert self.call.exchange.is_ended == (self.ending is not None)
        assert self.ending is None or self.ending.code != ERROR, self.ending

    @property
    def is_finished(self) -> bool:
        return self.ending is not None and self.ending.code == END


class World:
    """Starts attempts of one invocation and keeps its journal."""

    def __init__(self, service: Definition, handler: str, dice: random.Random, *, version: int) -> None:
        self._service = service
        self._handler = handler
        self._dice = dice
        self._version = version
        self.journal = [Entry(0x0400, b"")]
        #: Results that may come now, in the order in which they became possible.
        self._possible: dict[tuple[str, int], list[Entry]] = {}
        self._seen: set[tuple[str, int]] = set()
        self.awakeables = 0

    def created_awakeable(self, number: int) -> None:
        """Note that the handler has created its awakeable of this number; the handler calls this in each attempt."""
        self.awakeables = max(self.awakeables, number + 1)

    def allow_cancellation(self) -> None:
        """Have the invocation cancelled at some time."""
        self._allow("cancel", 1, Entry(0xFBFF, bytes.fromhex("10012200")))

    def start(self, journal: list[Entry]) -> Attempt:
        """Start an attempt that replays this journal."""
        call = Call(self._service, self._handler, version=self._version)
        call.send(frames.start(len(journal), key="k"), *(entry.frame for entry in journal))
        return Attempt(call)

    async def live(self) -> None:
        """Run the invocation to its end, in attempts that end for all sorts of reasons."""
        dice = self._dice
        while True:
            attempt = self.start(self.journal)
            if dice.random() < 0.3:
                attempt.call.end_request()
            await attempt.rest()
            self._record(attempt, 0)
            for _ in range(dice.randint(0, 12)):
                if attempt.ending is not None:
                    break
                known = len(attempt.commands)
                for _ in range(dice.choice((1, 1, 1, 2, 3))):
                    entry = self._next()
                    if entry is not None:
                        attempt.call.send(entry.frame)
                await attempt.rest()
                self._record(attempt, known)
            if attempt.is_finished:
                return
            if attempt.ending is None:
                if dice.random() < 0.5:
                    attempt.call.end_request()
                    await attempt.rest()
                else:
                    attempt.call.receiver.disconnect()
                    await attempt.rest()
            if self._next() is None:
                raise AssertionError(f"stuck: {attempt.ending}, journal {self.journal}")
            assert len(self.journal) < LARGEST_JOURNAL

    async def replay_prefix(self, length: int) -> Attempt:
        """Replay the first entries of the journal, then send the other results one at a time."""
        known, later = self.journal[:length], self.journal[length:]
        attempt = self.start(known)
        await attempt.rest()
        for entry in later:
            if entry.is_notification and attempt.ending is None:
                attempt.call.send(entry.frame)
                await attempt.rest()
        attempt.commands[:0] = [entry for entry in known if not entry.is_notification]
        return attempt

    async def suspend_after_prefix(self, length: int) -> Attempt:
        """Replay the first entries of the journal with nothing more to come."""
        known = self.journal[:length]
        attempt = self.start(known)
        attempt.call.end_request()
        await attempt.rest()
        attempt.commands[:0] = [entry for entry in known if not entry.is_notification]
        assert attempt.ending is not None, f"neither finished nor suspended after {known}"
        return attempt

    async def suspend_after_each_result(self) -> list[Entry]:
        """Run once more with the same results, where each of them needs an attempt of its own."""
        journal = self.journal[:1]
        results = [entry for entry in self.journal if entry.is_notification]
        while True:
            attempt = self.start(journal)
            attempt.call.end_request()
            await attempt.rest()
            journal += attempt.commands
            if attempt.is_finished:
                return [entry for entry in journal if not entry.is_notification]
            journal.append(results.pop(0))

    def commands(self) -> list[Entry]:
        """Return the commands of the journal."""
        return [entry for entry in self.journal if not entry.is_notification]

    # ------------------------------------------------------------ results

    def _record(self, attempt: Attempt, known: int) -> None:
        for command in attempt.commands[known:]:
            self.journal.append(command)
            self._expect(command)
        for proposal in attempt.proposals:
            content = frames.fields(proposal.payload)
            number, failure, value = content[1], content.get(15), content.get(14, b"")
            assert isinstance(number, int)
            assert isinstance(value, bytes)
            outcome = (
                frames.blob(6, failure) if isinstance(failure, bytes) else frames.blob(5, frames.value(value))
            )
            self._allow("run", number, Entry(0x8011, frames.number(1, number) + outcome))
        attempt.proposals.clear()
        for number in range(self.awakeables):
            signal = frames.number(2, FIRST_SIGNAL + number)
            good = frames.blob(5, frames.value(b"%d" % number))
            bad = frames.blob(6, frames.number(1, 418) + frames.blob(2, "rejected"))
            self._allow(
                "signal", number, Entry(0xFBFF, signal + (bad if self._dice.random() < 0.2 else good))
            )

    def _expect(self, command: Entry) -> None:
        content = frames.fields(command.payload)
        number = content.get(11)
        if not isinstance(number, int):
            return
        completion = frames.number(1, number)
        if command.code == SLEEP:
            self._allow("sleep", number, Entry(0x800C, completion + frames.blob(4, b"")))
        elif command.code == GET_STATE:
            self._allow(
                "state", number, Entry(0x8002, completion + frames.blob(5, frames.value(b"%d" % number)))
            )
        elif command.code == CALL:
            identifier = content[10]
            assert isinstance(identifier, int)
            self._allow(
                "call",
                number,
                Entry(0x800E, frames.number(1, identifier) + frames.blob(16, frames.INVOCATION_ID)),
                Entry(0x800D, completion + frames.blob(5, frames.value(b"%d" % number))),
            )

    def _allow(self, kind: str, number: int, *entries: Entry) -> None:
        if (kind, number) not in self._seen:
            self._seen.add((kind, number))
            self._possible[kind, number] = list(entries)

    def _next(self) -> Entry | None:
        """Store one of the possible results in the journal."""
        if not self._possible:
            return None
        key = self._dice.choice(list(self._possible))
        entries = self._possible[key]
        entry = entries.pop(0)
        if not entries:
            del self._possible[key]
        self.journal.append(entry)
        return entry


def _timeless(sleep: Entry) -> Entry:
    """Return a sleep without the time of day."""
    number = frames.fields(sleep.payload)[11]
    assert isinstance(number, int)
    return Entry(SLEEP, frames.number(1, 5) + frames.number(11, number))
