"""Agents wait for people while their process is killed; the next one, of either SDK, continues where they stopped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.compat.serving import Serving
from tests.e2e.effects import Effects
from tests.unchanged.agents.langchain.serving import serve
from tests.unchanged.agents.sides import Side, connect
from tests.unchanged.runtimes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

#: Who begins and who continues.
ROUTES = [("awaken", "awaken"), ("official", "awaken"), ("awaken", "official")]
APPROVED = b'[{"type": "approve"}, {"type": "reject", "message": "no"}]'

#: Handlers, what their person answers to each question, and how often their models are asked.
JOURNEYS: dict[str, tuple[list[bytes], list[str]]] = {
    "Basics/approval": ([b'"yes"', b'"no"'], ["0", "1"]),
    "Basics/carried": ([b'"yes"'], ["0", "1"]),
    "Supervisors/reviewed": ([APPROVED], ["0", "1"]),
    "Graphs/publish": ([b'"yes"'], ["0", "1"]),
}


@dataclass
class Route:
    """One application at one address, under one SDK after the other."""

    first: Serving
    second: Serving
    #: By runtime.
    sides: dict[str, Side] = field(default_factory=dict)
    #: Invocations and what they do, by runtime and handler.
    begun: dict[tuple[str, str], tuple[str, Effects]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def routes(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Route]]:
    """All journeys, begun under one SDK, and in the hands of the next."""
    made = []
    for number, (first, second) in enumerate(ROUTES):
        before = serve(first, f"LcKilled{number}", tmp_path_factory.mktemp("first"))
        after = serve(second, before.prefix, tmp_path_factory.mktemp("second"), before.port)
        made.append(Route(before, after))
    try:
        start(route.first for route in made)
        for route in made:
            begin(route, both, tmp_path_factory.mktemp("notes"))
        for route in made:
            for _, effects in route.begun.values():
                effects.wait_for("asked")
            for (kind, _), (invocation, _) in route.begun.items():
                route.sides[kind].client.wait_for_status(invocation, ["running", "suspended"])
            route.first.kill()
        start(route.second for route in made)
        yield made
    finally:
        for route in made:
            route.first.kill()
            route.second.kill()
            for side in route.sides.values():
                side.client.__exit__()


def start(servings: Iterable[Serving]) -> None:
    """Start processes at the same time: most of it is importing."""
    with ThreadPoolExecutor() as threads:
        list(threads.map(Serving.start, servings))


def begin(route: Route, both: Both, folder: Path) -> None:
    for kind in KINDS:
        side = route.sides[kind] = connect(both.of(kind), route.first)
        for target in JOURNEYS:
            effects = Effects(folder / f"{kind}-{target.replace('/', '-')}")
            route.begun[kind, target] = side.send(target, effects.path), effects


@pytest.mark.parametrize("target", JOURNEYS)
@pytest.mark.parametrize("number", range(len(ROUTES)), ids=["-".join(route) for route in ROUTES])
def test_agent_continues_after_its_process_was_killed(
    routes: list[Route], number: int, target: str, tmp_path: Path
) -> None:
    route = routes[number]
    answers, asked_model = JOURNEYS[target]
    results: dict[str, Any] = {}
    for kind, side in route.sides.items():
        invocation, effects = route.begun[kind, target]
        # Do not wait for a pending retry, which exists if the runtime tried while no process was listening.
        side.client.admin.patch(f"/invocations/{invocation}/resume")
        for place, answer in enumerate(answers):
            side.client.resolve(effects.wait_for("asked", place + 1)[place], answer)

        results[kind] = side.outcome(invocation)

        assert effects.values("model") == asked_model
        assert len(effects.values("asked")) == len(answers)
    assert results["server"] == results["embedded"]
    assert results["server"] == result_without_kills(
        routes[0].sides["embedded"], target, Effects(tmp_path / "notes")
    )


def result_without_kills(side: Side, target: str, effects: Effects) -> Any:
    """Return what a new invocation that nobody kills answers."""
    invocation = side.send(target, effects.path)
    for place, answer in enumerate(JOURNEYS[target][0]):
        side.client.resolve(effects.wait_for("asked", place + 1)[place], answer)
    return side.outcome(invocation)
