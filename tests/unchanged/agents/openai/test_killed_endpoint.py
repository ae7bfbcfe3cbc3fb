"""Agents continue after kill -9 of their process, also under the other SDK, and no model is asked twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.compat.serving import Serving
from tests.e2e.effects import Effects
from tests.e2e.waiting import eventually
from tests.unchanged.agents.openai.serving import serve
from tests.unchanged.agents.sides import Side, connect
from tests.unchanged.runtimes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.unchanged.agents.openai.model_server import ModelServer
    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

#: Who begins and who continues.
ROUTES = [("awaken", "awaken"), ("official", "awaken"), ("awaken", "official")]

#: Handlers, how many questions a person answers, and the model that is asked before the first and after the last.
JOURNEYS = {"Agents/approval": (2, "people"), "Chats/ada/consult_people": (1, "person")}


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
def routes(
    both: Both, models: ModelServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Route]]:
    """All journeys, begun under one SDK, and in the hands of the next."""
    made = []
    for number, (first, second) in enumerate(ROUTES):
        before = serve(first, f"OaKilled{number}", tmp_path_factory.mktemp("first"))
        after = serve(second, before.prefix, tmp_path_factory.mktemp("second"), before.port)
        made.append(Route(before, after))
    try:
        start(route.first for route in made)
        for route in made:
            begin(route, both, tmp_path_factory.mktemp("notes"))
        for route in made:
            for (kind, _), (invocation, effects) in route.begun.items():
                effects.wait_for("asked")
                wait_for_results(route.sides[kind], invocation)
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


def wait_for_results(side: Side, invocation: str) -> None:
    """Wait until the journal has the result of each run, and nothing is left to do but wait for the person."""

    def has_all_results() -> bool:
        rows = side.client.query(f"SELECT entry_type FROM sys_journal WHERE id = '{invocation}'")
        types = [row["entry_type"] for row in rows]
        return types.count("Command: Run") == types.count("Notification: Run") == 2

    eventually(has_all_results, what=f"the results of all runs of {invocation}")


@pytest.mark.parametrize("target", JOURNEYS)
@pytest.mark.parametrize("number", range(len(ROUTES)), ids=["-".join(route) for route in ROUTES])
def test_agent_continues_after_its_process_was_killed(
    routes: list[Route], models: ModelServer, number: int, target: str
) -> None:
    route = routes[number]
    questions, model = JOURNEYS[target]
    for kind, side in route.sides.items():
        invocation, effects = route.begun[kind, target]
        # Do not wait for a pending retry, which exists if the runtime tried while no process was listening.
        side.client.admin.patch(f"/invocations/{invocation}/resume")
        for place in range(questions):
            side.client.resolve(effects.wait_for("asked", place + 1)[place], b'"go on"')

        told = side.outcome(invocation)

        assert told == " | ".join(f"Question {each}: go on" for each in range(questions)), kind
        assert models.asked(effects.path) == [model, model]
        assert len(effects.values("asked")) == questions


def test_call_that_a_kill_interrupts_is_the_only_one_that_is_repeated(
    routes: list[Route], models: ModelServer
) -> None:
    serving, sides = routes[0].second, routes[0].sides
    models.hold()
    try:
        begun = {kind: side.send("Agents/basic", f"think on {kind}") for kind, side in sides.items()}
        eventually(
            lambda: all(models.asked(f"think on {kind}") for kind in KINDS), what="a question to each model"
        )
        serving.kill()
    finally:
        models.release()
    serving.start()
    for kind, side in sides.items():
        side.client.admin.patch(f"/invocations/{begun[kind]}/resume")

        assert side.outcome(begun[kind])[1:] == [2, 30, 6], kind
        assert models.asked(f"think on {kind}") == ["basic"] * 3
