"""One program under the official SDK and ours, on both runtimes: results and journals are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.compat.serving import Serving
from tests.e2e.effects import Effects
from tests.unchanged.agents.openai.serving import serve
from tests.unchanged.agents.sides import Side, connect
from tests.unchanged.runtimes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unchanged.agents.openai.model_server import ModelServer
    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

SDKS = {"official": "OaOfficial", "awaken": "OaAwaken"}
LLM = ("Command: Run", "call LLM")


def sunny(*cities: str) -> str:
    return " | ".join(f"sunny at the station of {city}" for city in cities)


def looked_up(city: str) -> list[tuple[str, str]]:
    return [
        ("Command: Run", f"find {city}"),
        ("Command: Sleep", f"dial {city}"),
        ("Command: Run", f"read {city}"),
    ]


#: Targets, arguments, results, and the commands between input and output.
CALLS: dict[str, tuple[str, Any, Any, list[tuple[str, str]]]] = {
    "basic": ("Agents/basic", "Hi 👋", [sunny("Zürich"), 2, 30, 6], [LLM, *looked_up("Zürich"), LLM]),
    "parallel tools": (
        "Agents/script",
        "several",
        sunny("Oslo", "Rome", "Bern"),
        [LLM, *looked_up("Oslo"), *looked_up("Rome"), *looked_up("Bern"), LLM],
    ),
    "handoff": (
        "Agents/handoff",
        "my bill",
        ["billing", sunny("Paris")],
        [LLM, LLM, *looked_up("Paris"), LLM],
    ),
    "handoff to a plain agent": (
        "Agents/handoff",
        "help",
        ["support", "Have you tried turning it off and on again?"],
        [LLM, LLM],
    ),
    "remote and nested agents": (
        "Agents/team",
        "tea?",
        sunny("Ceylon", "Ceylon"),
        [LLM, ("Command: Call", ""), LLM, *looked_up("Ceylon"), LLM, LLM],
    ),
    "terminal error": ("Agents/fails", "go", [500, "not in this house"], [LLM]),
    "recovery": (
        "Agents/recovers",
        "go",
        "undone after: not in this house",
        [LLM, ("Command: Run", "undo")],
    ),
    "guardrail": ("Agents/guarded", "weather?", sunny("Zürich"), [LLM, LLM, *looked_up("Zürich"), LLM]),
    "tripwire": ("Agents/guarded", "do my homework", "do it yourself", [LLM]),
    "structured": ("Agents/structured", "?", {"city": "Zürich", "degrees": 3.5}, [LLM]),
    "nonsense arguments": ("Agents/script", "nonsense", "corrected", [LLM, LLM]),
    "20 turns": (
        "Agents/script",
        "counting",
        "20 turns",
        [entry for number in range(20) for entry in (LLM, *looked_up(str(number)))] + [LLM],
    ),
    "3 MB": ("Agents/script", "heavy", "a" * 3_000_000, [LLM, ("Command: Run", "read"), LLM]),
}


@pytest.fixture(scope="module")
def sides(
    both: Both, models: ModelServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Side]]:
    """Each SDK on each runtime."""
    servings = {sdk: serve(sdk, prefix, tmp_path_factory.mktemp(sdk)) for sdk, prefix in SDKS.items()}
    made: dict[str, Side] = {}
    try:
        with ThreadPoolExecutor() as threads:
            list(threads.map(Serving.start, servings.values()))
        for sdk, serving in servings.items():
            made |= {f"{sdk} on {kind}": connect(both.of(kind), serving) for kind in KINDS}
        yield made
    finally:
        for side in made.values():
            side.client.__exit__()
        for serving in servings.values():
            serving.kill()


@pytest.fixture(scope="module")
def started(sides: dict[str, Side]) -> dict[str, dict[str, str]]:
    """The ids of all invocations, by side and name."""
    return {
        where: {name: side.send(target, argument) for name, (target, argument, _, _) in CALLS.items()}
        for where, side in sides.items()
    }


@pytest.mark.parametrize("name", CALLS)
def test_result_and_commands_are_the_same(
    sides: dict[str, Side], started: dict[str, dict[str, str]], name: str
) -> None:
    _, _, result, between = CALLS[name]
    commands = [("Command: Input", ""), *between, ("Command: Output", "")]
    for where, side in sides.items():
        assert side.outcome(started[where][name]) == result, where
        assert side.commands(started[where][name]) == commands, where


def test_conversation_is_the_same_state(sides: dict[str, Side]) -> None:
    states = {}
    for where, side in sides.items():
        for text, answer in (("tea", "3 items, 1 facts"), ("and honey", "7 items, 2 facts")):
            invocation = side.send("Chats/ada/message", text)
            assert side.outcome(invocation) == answer
        commands = [kind for kind, _ in side.commands(invocation)]
        assert commands == [
            *("Command: Input", "Command: GetEagerState", "Command: Run", "Command: GetEagerState"),
            *("Command: SetState", "Command: Run", "Command: SetState", "Command: Output"),
        ], where
        rows = side.client.query(
            f"SELECT key, value_utf8 FROM state WHERE service_name = '{side.prefix}Chats' ORDER BY key"
        )
        assert [row["key"] for row in rows] == ["facts", "items"]
        states[where] = rows[0]["value_utf8"]
    assert set(states.values()) == {'["tea", "and honey"]'}


def test_people_are_asked_in_order(sides: dict[str, Side], tmp_path: Path, models: ModelServer) -> None:
    for where, side in sides.items():
        effects = Effects(tmp_path / where)
        invocation = side.send("Agents/approval", effects.path)
        for number, answer in enumerate((b'"yes"', b'"no"'), 1):
            side.client.resolve(effects.wait_for("asked", number)[-1], answer)
        assert side.outcome(invocation) == "Question 0: yes | Question 1: no"
        posted = [("Command: Run", f"post Question {number}") for number in range(2)]
        assert side.commands(invocation)[1:-1] == [LLM, *posted, LLM]
        assert models.asked(effects.path) == ["people", "people"]


def test_rejected_question_ends_the_agent(sides: dict[str, Side], tmp_path: Path) -> None:
    for where, side in sides.items():
        effects = Effects(tmp_path / where)
        invocation = side.send("Chats/rejected/consult_people", effects.path)
        side.client.reject(effects.wait_for_one("asked"), "nobody is here")
        assert side.outcome(invocation) == [500, "nobody is here"], where


def test_workflow_waits_for_its_promise(sides: dict[str, Side]) -> None:
    for where, side in sides.items():
        invocation = side.send("Reviews/one/run", "please")
        side.client.call(f"{side.prefix}Reviews/one/review", "fine")
        assert side.outcome(invocation) == "fine", where
        assert side.commands(invocation)[1:-1] == [LLM, ("Command: GetPromise", ""), LLM]


@pytest.mark.parametrize("target", ["Chats/cancelled/consult_people", "Agents/approval"])
def test_cancellation_ends_the_agent(
    sides: dict[str, Side], tmp_path: Path, models: ModelServer, target: str
) -> None:
    for where, side in sides.items():
        if where.startswith("official") and target == "Agents/approval":
            continue  # a second tool, which waits for its turn, keeps that SDK's invocation from ending
        effects = Effects(tmp_path / where)
        invocation = side.send(target, effects.path)
        effects.wait_for_one("asked")
        side.client.cancel(invocation)
        code, message = side.outcome(invocation)  # the official SDK makes 500 of the code
        assert message == "cancelled", where
        assert code == 409 or where.startswith("official")
        assert len(models.asked(effects.path)) == 1
