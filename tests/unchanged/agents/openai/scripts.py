"""What the models of the program answer, by their names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.unchanged.agents.openai.scripted import calls, first_then_report, outputs, says

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unchanged.agents.openai.scripted import Answer


def triage(items: list[Any]) -> Any:
    return [calls("transfer_to_billing" if "bill" in str(items[0]["content"]) else "transfer_to_support")]


def chat(items: list[Any]) -> Any:
    """Remember what the user says, and then tell how long the conversation is."""
    if items[-1].get("role") == "user":
        return [calls("remember", f"c{len(items)}", fact=items[-1]["content"])]
    return [says(f"{len(items)} items, {outputs(items)[-1]}")]


def counting(items: list[Any]) -> Any:
    done = len(outputs(items))
    return [says(f"{done} turns")] if done == 20 else [calls("weather", f"c{done}", city=str(done))]


def people(number: int) -> Answer:
    return first_then_report(
        *(calls("ask_person", f"p{each}", question=f"Question {each}") for each in range(number))
    )


SCRIPTS: Mapping[str, Answer] = {
    "basic": first_then_report(calls("weather", city="Zürich")),
    "several": first_then_report(
        *(calls("weather", f"w{city}", city=city) for city in ("Oslo", "Rome", "Bern"))
    ),
    "people": people(2),
    "person": people(1),
    "triage": triage,
    "billing": first_then_report(calls("weather", city="Paris")),
    "support": lambda _: [says("Have you tried turning it off and on again?")],
    "boss": first_then_report(calls("consult_remotely", topic="tea"), calls("consult_nearby", input="tea")),
    "expert": first_then_report(calls("weather", city="Ceylon")),
    "chat": chat,
    "failing": first_then_report(calls("fail", kind="now")),
    "judge": lambda items: [says(json.dumps({"is_fine": "homework" not in str(items[0]["content"])}))],
    "structured": lambda _: [says('{"city": "Zürich", "degrees": 3.5}')],
    "counting": counting,
    "heavy": first_then_report(calls("read_book", size=3_000_000)),
    "review": first_then_report(calls("wait_for_review")),
    "nonsense": lambda items: [says("corrected")] if outputs(items) else [calls("weather", town="Rome")],
}
