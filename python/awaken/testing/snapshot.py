"""The visible outcome of one run of a scenario, and how that of another run differs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.runtime.tables.payloads import PAYLOAD, RESULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Snapshot", "decode", "take_snapshot"]


@dataclass(frozen=True)
class Call:
    """Target and input of an invocation; several invocations may have the same."""

    target: str
    input: bytes | None

    def __str__(self) -> str:
        return f"{self.target}({'' if not self.input else _show(self.input)})"


@dataclass(frozen=True)
class End:
    """How an invocation ended, or its status if it has not."""

    status: str
    value: bytes | None
    code: int | None
    message: str | None

    def __str__(self) -> str:
        if self.status != "completed":
            return f"is {self.status}"
        if self.code is not None:
            return f"failed with [{self.code}] {self.message}"
        return f"returned {_show(self.value) if self.value else 'nothing'}"


@dataclass(frozen=True)
class Snapshot:
    """What a crash must not change about a run of a scenario.

    Attributes:
        result: what the test function returned.
        state: by service, key and name.
        invocations: how many ended in which way, by target and input.
        outside_runs: how often effects happened outside of runs, by label.
    """

    result: Any
    state: Mapping[tuple[str, str, str], bytes]
    invocations: Mapping[Call, Counter[End]]
    outside_runs: Mapping[str, int]

    def differences(self, other: Snapshot) -> Iterator[str]:
        """Describe how another snapshot differs from this one, one line per difference."""
        if self.result != other.result:
            yield f"the result of the test was {self.result!r} and became {other.result!r}"
        for place in sorted({*self.state, *other.state}):
            before, after = self.state.get(place), other.state.get(place)
            if before != after:
                service, key, name = place
                yield f'state "{name}" of {service}/{key} was {_show_pair(before, after)}'
        for call in sorted({*self.invocations, *other.invocations}, key=str):
            ends = self.invocations.get(call, Counter()), other.invocations.get(call, Counter())
            if ends[0] != ends[1]:
                yield _compare_ends(call, *ends)
        for label, count in other.outside_runs.items():
            before_count = self.outside_runs.get(label, 0)
            if count > before_count:
                yield (
                    f"effect {label!r} happened outside of a run, {before_count} times undisturbed and {count} times "
                    "with the crash; do it inside ctx.run_typed"
                )


def take_snapshot(
    fetch: Callable[[str], list[tuple[Any, ...]]], outside_runs: Mapping[str, int], result: Any
) -> Snapshot:
    """Return the snapshot of a scenario that has ended.

    Args:
        fetch: queries the runtime's tables.
        outside_runs: how often effects happened outside of runs, by label.
        result: what the test function returned.
    """
    state = {
        (service, key, name): value
        for service, key, name, value in fetch("SELECT service, key, name, value FROM state")
    }
    invocations: dict[Call, Counter[End]] = {}
    for service, key, handler, code, payload, *end in fetch(
        f"SELECT service, invocation.key, handler, code, {PAYLOAD}, status, {RESULT}, "  # noqa: S608 - of this package
        "failure_code, failure_message FROM invocation "
        "LEFT JOIN journal ON journal.invocation = invocation.seq AND journal.idx = 0"
    ):
        target = "/".join(part for part in (service, key, handler) if part is not None)
        call = Call(target, None if payload is None else _input(code, payload))
        invocations.setdefault(call, Counter())[End(*end)] += 1
    return Snapshot(result, state, invocations, dict(outside_runs))


def decode(value: bytes) -> Any:
    """Decode JSON; return bytes that are not JSON unchanged."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _compare_ends(call: Call, before: Counter[End], after: Counter[End]) -> str:
    counts = before.total(), after.total()
    if counts[0] != counts[1]:
        return f"{call} was invoked {counts[0]} times undisturbed and {counts[1]} times with the crash"
    lost, gained = before - after, after - before
    return f"{call} {_list(lost)} undisturbed, and {_list(gained)} with the crash"


def _list(ends: Counter[End]) -> str:
    return ", ".join(str(end) if count == 1 else f"{count} times {end}" for end, count in ends.items())


def _input(code: int, payload: bytes) -> bytes:
    entry: Any = json.loads(_core.describe_entry(code, payload).json)
    return bytes(entry["Command"]["Input"]["payload"])


def _show_pair(before: bytes | None, after: bytes | None) -> str:
    texts = ["not there" if value is None else _show(value) for value in (before, after)]
    if texts[0] == texts[1]:  # other bytes for the same value
        texts = [repr(before), repr(after)]
    return " and became ".join(texts)


def _show(value: bytes) -> str:
    return repr(decode(value))
