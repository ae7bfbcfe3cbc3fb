"""What an invocation waits for, with the names of its journal."""

from __future__ import annotations

import json

from awaken.control.named_waits import describe_named


def test_without_commands_the_tree_says_what_it_knows() -> None:
    tree = json.dumps({"AllCompleted": [{"Single": {"CompletionId": 2}}, {"Single": {"SignalIndex": 17}}]})

    assert describe_named(tree, []) == "CompletionId 2, awakeable 17"


def test_a_damaged_command_is_passed_over() -> None:
    tree = json.dumps({"Single": {"CompletionId": 2}})

    assert describe_named(tree, [(0x0400, b"\xff\xff")]) == "CompletionId 2"


def test_nothing_is_awaited_without_a_tree() -> None:
    assert describe_named("", []) == "nothing that is known"
