"""The same program gives the same answers and the same journal with both SDKs, on both runtimes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.ingress import InvocationFailed
from tests.unchanged.agents.adk.conftest import NAMES

if TYPE_CHECKING:
    from tests.e2e.ingress import Client
    from tests.unchanged.agents.adk.conftest import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

#: The agents that the official SDK runs to an end without help, and what each of them says.
ANSWERS = {
    "basic": "hello",
    "tool": "It is sunny.",
    "parallel": "Compared.",
    "counting": "Counted.",
    "plain": "Doubled.",
    "remembering": "Noted.",
    "unknown": "Sorry.",
    "experts": "I know.",
    "inner": "Helped.",
    "remote": "Now I know.",
    "survey": "Surveyed.",
    "in_time": "Timed out.",
}


def entries(client: Client, invocation: str) -> list[tuple[str, str | None]]:
    """Return type and name of each entry of a journal."""
    rows = client.query(
        f"SELECT entry_type, name FROM sys_journal WHERE id = '{invocation}' ORDER BY \"index\""
    )
    return [(row["entry_type"], row.get("name") or None) for row in rows]


def state(client: Client, name: str, key: str) -> dict[str, Any]:
    """Return the state of a key, decoded."""
    rows = client.query(
        f"SELECT key, value_utf8 FROM state WHERE service_name = '{name}' AND service_key = '{key}'"
    )
    return {row["key"]: json.loads(row["value_utf8"]) for row in rows}


def ask(client: Client, sdk: str, key: str, **question: Any) -> tuple[str, str]:
    """Return the invocation and the answer, or the failure as a text."""
    invocation = client.send(f"{NAMES[sdk]}/{key}/ask", question)
    try:
        return invocation, client.attach(invocation)
    except InvocationFailed as failed:
        return invocation, f"{failed.code} {failed.message}"


@pytest.mark.parametrize("agent", ANSWERS)
def test_answer_and_journal_are_those_of_the_official_sdk(
    client: Client, programs: dict[str, Served], agent: str
) -> None:
    asked = {sdk: ask(client, sdk, agent, agent=agent) for sdk in programs}

    assert {sdk: answer for sdk, (_, answer) in asked.items()} == dict.fromkeys(NAMES, ANSWERS[agent])
    journals = {sdk: entries(client, invocation) for sdk, (invocation, _) in asked.items()}
    assert len(journals["restate"]) > 5
    assert journals["awaken"] == journals["restate"]


def test_handlers_around_agents_are_those_of_the_official_sdk(
    client: Client, programs: dict[str, Served]
) -> None:
    steps: list[tuple[str, Any, Any]] = [
        ("begin", {"agent": "remembering", "session": "first"}, "Noted. good 4 1"),
        ("begin", {"agent": "basic", "session": "second"}, "hello good 2 2"),
        ("forget", "first", None),
        ("write", "tea", "a draft, reviewed 1, a draft, reviewed 3"),
    ]
    for handler, argument, expected in steps:
        sent = {sdk: client.send(f"{NAMES[sdk]}/around/{handler}", argument) for sdk in programs}

        assert {sdk: client.attach(invocation) for sdk, invocation in sent.items()} == dict.fromkeys(
            NAMES, expected
        )
        journals = [entries(client, invocation) for invocation in sent.values()]
        assert journals[0] == journals[1], handler
    keys = {sdk: set(state(client, NAMES[sdk], "around")) for sdk in programs}
    sessions = {
        "session_store::second",
        "session_store::session of draft",
        "session_store::session of review",
    }
    assert keys == dict.fromkeys(NAMES, sessions | {"last"})


def test_sessions_say_the_same_in_less_space(client: Client, programs: dict[str, Served]) -> None:
    for sdk in programs:
        for _ in range(2):
            ask(client, sdk, "same", agent="remembering")
    states = {sdk: state(client, NAMES[sdk], "same") for sdk in programs}

    def essence(session: dict[str, Any]) -> Any:
        events = session["events"]
        return (
            session["state"],
            [
                (
                    event["author"],
                    [sorted(k for k, v in part.items() if v) for part in event["content"]["parts"]],
                )
                for event in events
            ],
        )

    assert set(states["awaken"]) == set(states["restate"]) == {"session_store::chat"}
    ours, theirs = (states[sdk]["session_store::chat"] for sdk in ("awaken", "restate"))
    assert essence(ours) == essence(theirs)
    assert ours["state"] == {"note": "tea", "app:note": "tea", "user:note": "tea"}
    assert len(json.dumps(ours)) < len(json.dumps(theirs)) / 2


def test_terminal_errors_of_tools_and_models_end_the_invocation(
    client: Client, programs: dict[str, Served]
) -> None:
    for agent, expected in {
        "terminal": "418 no such thing",
        "model_fails": "500 ValueError('the model is down')",
    }.items():
        asked = {sdk: ask(client, sdk, agent, agent=agent, attempts=2) for sdk in programs}

        assert {answer for _, answer in asked.values()} == {expected}
        journals = [entries(client, invocation) for invocation, _ in asked.values()]
        assert journals[0] == journals[1]


def test_cancellation_ends_the_invocation(client: Client, programs: dict[str, Served]) -> None:
    for sdk, served in programs.items():
        invocation = client.send(f"{NAMES[sdk]}/cancelled/ask", {"agent": "approval"})
        served.awakeable()

        client.cancel(invocation)

        assert (client.failure(invocation).code, client.failure(invocation).message) == (409, "cancelled")
