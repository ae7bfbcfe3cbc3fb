"""Side effects, time and random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compat.services.runs import REPLAYS

if TYPE_CHECKING:
    from tests.compat.side import Side
    from tests.e2e.effects import Effects


def test_runs_take_functions_and_arguments_of_every_kind(side: Side) -> None:
    assert side.call("Runs/arithmetic") == [3, 7, 11, 15, 9, None]


def test_results_of_runs_are_models_by_annotation_hint_or_serde(side: Side) -> None:
    assert side.call("Runs/models") == ["Point", 1, "Point", 4, [0, 255]]


@pytest.mark.parametrize(
    ("failures", "max_attempts", "attempts", "answer"),
    [(0, 1, 1, {"value": "done"}), (2, 5, 3, {"value": "done"}), (9, 2, 2, None), (9, 1, 1, None)],
)
def test_failing_run_is_tried_until_its_attempts_are_used_up(
    side: Side,
    effects: Effects,
    failures: int,
    max_attempts: int,
    attempts: int,
    answer: dict[str, str] | None,
) -> None:
    request = {"effects": effects.path, "failures": failures, "max_attempts": max_attempts}

    result = side.call("Runs/failing", request)

    assert len(effects.values("attempt")) == attempts
    if answer is None:
        assert result["code"] == 500
        assert "not yet" in result["message"]
    else:
        assert result == answer


def test_terminal_error_ends_a_run_at_once(side: Side, effects: Effects) -> None:
    assert side.call("Runs/refused", effects.path) == {"message": "out of stock", "code": 418}
    assert len(effects.values("attempt")) == 1


def test_replay_repeats_chance_and_time_but_no_effects(side: Side, effects: Effects) -> None:
    answer = side.call("Runs/once", effects.path)

    drawn = effects.values("drawn")
    assert effects.values("paid") == ["None"] or effects.values("paid") == [""]
    assert len(drawn) == REPLAYS
    assert len(set(drawn)) == 1
    assert answer in drawn[0]


def test_sleep_takes_its_time(side: Side) -> None:
    assert side.call("Runs/nap", 0.05) is True


def test_run_that_nobody_awaits(side: Side, effects: Effects) -> None:
    assert side.call("Runs/never_awaited", effects.path) == "ended"
    assert effects.values("ran") == []
