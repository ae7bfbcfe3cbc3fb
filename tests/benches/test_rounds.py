from __future__ import annotations

from benches.rounds import Round, Rounds, rotate

ROUNDS = Rounds(
    [
        # Out of order, as turns are.
        Round("greet", "theirs", 1, {"rate": 10.0, "cpu": 4.0}),
        Round("greet", "mine", 1, {"rate": 30.0, "cpu": 1.0}),
        Round("greet", "mine", 0, {"rate": 20.0, "cpu": 2.0}),
        Round("greet", "theirs", 0, {"rate": 20.0, "cpu": 2.0}),
        Round("greet", "mine", 2, {"rate": 100.0, "cpu": 9.0}),
        Round("greet", "theirs", 2, {"rate": 50.0}),
    ]
)


def test_median_is_of_all_rounds_that_measured_it() -> None:
    assert ROUNDS.median("greet", "mine", "rate") == 30.0
    assert ROUNDS.median("greet", "theirs", "cpu") == 3.0
    assert ROUNDS.median("greet", "theirs", "p50_ms") is None
    assert ROUNDS.median("wait", "theirs", "rate") is None


def test_ratios_are_between_rounds_of_the_same_number() -> None:
    assert ROUNDS.ratios("greet", "mine", "theirs", "rate") == [1.0, 3.0, 2.0]
    assert ROUNDS.median_ratio("greet", "mine", "theirs", "rate") == 2.0


def test_ratios_leave_out_rounds_that_one_side_lacks() -> None:
    assert ROUNDS.ratios("greet", "mine", "theirs", "cpu") == [1.0, 0.25]
    assert ROUNDS.ratios("greet", "mine", "nobody", "cpu") == []
    assert ROUNDS.median_ratio("greet", "mine", "nobody", "cpu") is None


def test_each_round_begins_with_another_subject() -> None:
    orders = ["".join(rotate("abc", number)) for number in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]
