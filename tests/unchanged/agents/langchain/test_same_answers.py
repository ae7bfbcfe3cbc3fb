"""One application under the official SDK and ours, on both runtimes: answers and journals are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.compat.serving import Serving
from tests.e2e.effects import Effects
from tests.unchanged.agents.langchain.serving import serve
from tests.unchanged.agents.sides import Side, connect
from tests.unchanged.runtimes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

SDKS = {"official": "LcOfficial", "awaken": "LcAwaken"}

#: Handlers, arguments, and the last line of the answer where the answer is that of an agent. They run side by side.
CALLS: dict[str, tuple[str, Any, Any]] = {
    "basic": ("Basics/basic", "", "ai: Take a hat."),
    "several": ("Basics/several", "", "ai: Take a hat."),
    "naps": ("Basics/naps", "", "ai: Good morning."),
    "terminal error": ("Basics/fails", "terminal", "not in this house"),
    "terminal error of a run": ("Basics/fails", "run", "the run refused"),
    "recovery": ("Basics/recovers", "terminal", "ai: Sorry."),
    "model down": ("Basics/model_down", "", "ConnectionError('no model today')"),
    "nonsense": ("Basics/nonsense", "", "ai: I give up."),
    "arguments": ("Basics/arguments", "", "ai: Shipped.\u2028\x00"),
    "threads": ("Basics/threads", "", "ai: ."),
    "50 turns": ("Basics/turns", 50, None),
    "5 MB": ("Basics/heavy", 5_000_000, None),
    "structured": ("Basics/structured", "", None),
    "kinds": ("Basics/kinds", "", None),
    "updates": ("Basics/updates", "", "updates model: ['ai: Take a hat.']"),
    "tokens": ("Basics/tokens", "", None),
    "events": ("Basics/events", "", "Scripted"),
    "delegate": ("Supervisors/delegate", "", "ai: Decided."),
    "panel": ("Supervisors/panel", ["Rome", "Oslo", "Bern"], "ai: 3 opinions"),
    "relay": ("Supervisors/relay", "", None),
}


@pytest.fixture(scope="module")
def sides(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Side]]:
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
        where: {name: side.send(target, argument) for name, (target, argument, _) in CALLS.items()}
        for where, side in sides.items()
    }


def same(found: dict[str, Any]) -> Any:
    """Return what was found everywhere."""
    first = next(iter(found.values()))
    assert found == dict.fromkeys(found, first)
    return first


def settled(journal: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the commands in order, then the notifications: an answer may come before or after what asked for it."""
    notified = sorted(entry for entry in journal if entry[0].startswith("Notification"))
    return [entry for entry in journal if entry[0].startswith("Command")] + notified


@pytest.mark.parametrize("name", CALLS)
def test_answer_and_journal_are_the_same(
    sides: dict[str, Side], started: dict[str, dict[str, str]], name: str
) -> None:
    answer = same({where: side.outcome(started[where][name]) for where, side in sides.items()})

    if (last := CALLS[name][2]) is not None:
        assert answer[-1] == last
    journals = {where: side.entries(started[where][name]) for where, side in sides.items()}
    journal = same(
        journals if name != "panel" else {where: settled(found) for where, found in journals.items()}
    )
    assert ("Command: Run", "LLM call") in journal
    assert ("Command: Output", "") in journal


def test_chat_keeps_its_history(sides: dict[str, Side]) -> None:
    for side in sides.values():
        assert side.client.call(f"{side.prefix}Chat/ada/message", "I like tea") == "Noted."
        assert side.client.call(f"{side.prefix}Chat/ada/message", "What do I like?") == "Tea, as always."

    assert same(
        {where: side.client.call(f"{side.prefix}Chat/ada/history") for where, side in sides.items()}
    ) == [
        *("human: I like tea", "ai: ", "tool: 1 facts", "ai: Noted."),
        *("human: What do I like?", "ai: Tea, as always."),
    ]


def test_people_answer_in_the_same_order(sides: dict[str, Side], tmp_path: Path) -> None:
    answers, journals = {}, {}
    for where, side in sides.items():
        effects = Effects(tmp_path / where)
        invocation = side.send("Basics/approval", effects.path)
        for number in (1, 2):
            awakeable = effects.wait_for("asked", number)[-1]
            assert side.client.resolve(awakeable, b'"yes"').status_code == 202
        answers[where] = side.outcome(invocation)
        journals[where] = settled(side.entries(invocation))

    assert same(answers)[-3:] == ["tool: hat?: yes", "tool: coat?: yes", "ai: Done."]
    assert [name for kind, name in same(journals) if kind == "Command: Run"] == [
        *("LLM call", "weather in Oslo", "ask hat?", "ask coat?", "LLM call")
    ]


def test_interrupts_wait_for_a_person(sides: dict[str, Side], tmp_path: Path) -> None:
    answers, journals = {}, {}
    for where, side in sides.items():
        effects = Effects(tmp_path / where)
        invocation = side.send("Supervisors/reviewed", effects.path)
        side.client.resolve(
            effects.wait_for_one("asked"), b'[{"type": "approve"}, {"type": "reject", "message": "no"}]'
        )
        answers[where] = side.outcome(invocation)
        journals[where] = settled(side.entries(invocation))

    assert same(answers)[-2:] == ["tool: sunny in Rome", "ai: Done."]
    assert same(journals)


def test_workflow_waits_for_its_promise(sides: dict[str, Side], tmp_path: Path) -> None:
    answers, journals = {}, {}
    for where, side in sides.items():
        effects = Effects(tmp_path / where)
        invocation = side.send("Trips/rome/run", effects.path)
        effects.wait_for_one("asked")
        assert side.client.call(f"{side.prefix}Trips/rome/answer", "yes") == "ai: Go on Monday."
        answers[where] = side.outcome(invocation)
        journals[where] = settled(side.entries(invocation))

    assert same(answers) == ["ai: Go on Monday.", "human: ?", "ai: You said yes."]
    assert same(journals)


def test_graph_without_agent_uses_the_context_in_its_nodes(sides: dict[str, Side], tmp_path: Path) -> None:
    answers, journals = {}, {}
    for where, side in sides.items():
        effects = Effects(tmp_path / where)
        invocation = side.send("Graphs/publish", effects.path)
        side.client.resolve(effects.wait_for_one("asked"), b'"yes"')
        answers[where] = side.outcome(invocation)
        journals[where] = settled(side.entries(invocation))
        assert effects.values("model") == ["0", "1"]

    assert same(answers) == ["human: Write!", "ai: bad", "ai: good", "human: publish?: yes"]
    assert same(journals)


def test_cancelled_agent_stops(sides: dict[str, Side], tmp_path: Path) -> None:
    # Under the official SDK, an attempt with tools that wait for their turn ends like this or is retried for ever.
    for where in ("awaken on server", "awaken on embedded"):
        side, effects = sides[where], Effects(tmp_path / where)
        invocation = side.send("Basics/approval", effects.path)
        effects.wait_for_one("asked")

        side.client.cancel(invocation)

        assert side.outcome(invocation) == [409, "cancelled"]
        assert effects.values("model") == ["0"]
        assert len(effects.values("asked")) == 1
