"""Accounts for every execution of an effect, from the lines that the handlers wrote."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.e2e.effects import Effects

#: How a handler is left whose process has gone away.
KILLED: Final = "killed"


@dataclass(frozen=True)
class Attempt:
    """One attempt of an invocation, which did not leave its handler if its process was killed."""

    invocation: str
    entered_at: float
    left_at: float | None
    how: str


@dataclass(frozen=True)
class Execution:
    """One execution of an effect."""

    token: str
    attempt: Attempt


class Account:
    """What happened, read once."""

    def __init__(self, effects: Effects) -> None:
        lines = [line.split() for line in effects.lines()]
        left = {words[1]: (float(words[2]), words[3]) for words in lines if words[0] == "leave"}
        self._attempts: dict[str, Attempt] = {}
        self._executions: dict[tuple[str, str], list[Execution]] = defaultdict(list)
        #: The results that handlers got, by effect and key.
        self._stored: dict[tuple[str, str], set[str]] = defaultdict(set)
        for word, *values in lines:
            if word == "enter":
                kind, key, id_, at = values
                self._attempts[id_] = Attempt(f"{kind} {key}", float(at), *left.get(id_, (None, KILLED)))
            elif word in ("act", "pay"):
                key, token, id_ = values
                self._executions[word, key].append(Execution(token, self._attempts[id_]))
            elif word == "stored":
                effect, key, token = values
                self._stored[effect, key].add(token)

    def unexplained(self, word: str, key: str, stored: str) -> list[str]:
        """Return what is wrong with the executions of an effect, of which `stored` is the one whose result was used.

        A result is lost with the attempt that has it, and a leader that is none any more may ask for an effect that
        the next one has asked for. What a handler got as the result of an effect is stored: all attempts get the same.
        An attempt that came to its end has done nothing in vain.
        """
        several = self._executions[word, key]
        used = [one for one in several if one.token == stored]
        unused = [one for one in several if one not in used and one.attempt.how == "returned"]
        twice = [attempt for attempt, times in Counter(one.attempt for one in several).items() if times > 1]
        others = self._stored[word, key] - {stored}
        wrong = [f"in vain, although the attempt ended: {one}" for one in unused]
        wrong += [f"executed several times by {attempt}" for attempt in twice]
        wrong += [f"a handler got {other}, and another one {stored}" for other in others]
        if len(used) != 1:
            wrong.append(f"{stored} is the result of {len(used)} executions")
        return [f"{word} {key}: {what}" for what in wrong]

    def repetitions(self) -> int:
        """Return how many executions there were beyond the first of each effect."""
        return sum(len(several) - 1 for several in self._executions.values())

    def overlaps(self) -> list[float]:
        """Return for how many seconds each attempt went on after the next one of its invocation had begun."""
        found: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in self._attempts.values():
            found[attempt.invocation].append(attempt)
        return [
            before.left_at - after.entered_at
            for several in found.values()
            for before, after in pairwise(several)
            if before.left_at is not None and before.left_at > after.entered_at
        ]

    def endings(self) -> Counter[str]:
        """Return how many attempts ended in which way."""
        return Counter(attempt.how for attempt in self._attempts.values())
