"""Trees of futures, as runtimes show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from awaken.control.futures import awaited_awakeables, describe_besides, describe_future

if TYPE_CHECKING:
    from collections.abc import Mapping


def tree(*leaves: Mapping[str, object]) -> str:
    return json.dumps({"AllCompleted": [{"Single": leaf} for leaf in leaves]})


def test_awakeables_are_the_signals_that_are_not_the_runtimes_own() -> None:
    text = tree({"SignalIndex": 1}, {"SignalIndex": 17}, {"SignalName": "go"}, {"CompletionId": 2})

    assert awaited_awakeables(text) == {17}
    assert describe_besides(text) == {17: ("CompletionId 2", "SignalName go")}
    assert describe_future(text) == "CompletionId 2, SignalName go, awakeable 17"


def test_nothing_is_awaited_without_a_tree() -> None:
    assert awaited_awakeables(None) == set()
    assert describe_besides(None) == {}
    assert describe_future("") == "nothing that is known"


def test_many_awakeables_are_listed_in_short() -> None:
    besides = describe_besides(tree(*({"SignalIndex": index} for index in range(100, 1100))))

    assert len(besides) == 1000
    assert {len(texts) for texts in besides.values()} == {11}
    assert besides[100][-1] == besides[500][-1] == "989 more"
    assert "awakeable 100" not in besides[100]
