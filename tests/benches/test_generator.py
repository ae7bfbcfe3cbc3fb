from __future__ import annotations

import pytest

from benches import generator

LINE = (
    '{"event":"finished","requests":50,"seconds":2.0,"p50_ms":1.5,"p99_ms":3.5,"max_ms":4.0,"errors":0,'
    '"connections":1,"generator_cpu_seconds":0.25%s}\n'
)


def test_the_last_line_is_what_was_measured() -> None:
    load = generator.parse(0, '{"event":"held"}\n' + LINE % "", "")
    assert (load.requests, load.rate, load.p99_ms) == (50, 25.0, 3.5)
    assert load.steps_p50_ms == {}


def test_steps_of_operations_are_read_by_name() -> None:
    steps = ',"steps":{"send":{"p50_ms":1.0,"p99_ms":2.0},"resolve to answer":{"p50_ms":0.5,"p99_ms":0.75}}'
    load = generator.parse(0, LINE % steps, "")
    assert load.steps_p50_ms == {"send": 1.0, "resolve to answer": 0.5}


def test_a_generator_that_fails_is_a_wrong_answer_with_its_reason() -> None:
    with pytest.raises(generator.WrongAnswer, match="greet of operation 7"):
        generator.parse(1, "", "greet of operation 7 must be answered with 200\n")
    with pytest.raises(generator.WrongAnswer, match="status -9"):
        generator.parse(-9, "", "")
