from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from benches.alternatives.environments import make_environment
from benches.alternatives.programs.calling import answer_async, answer_threaded, check
from benches.alternatives.publishing import list_installed, list_measured
from benches.alternatives.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable

RESULT: dict[str, Any] = {
    "subjects": {
        "one": {
            "title": "One",
            "version": "1.2",
            "durable": "a log",
            "guarantee": "goes on",
            "packages": 7,
            "megabytes": 12.4,
            "processes": 2,
        }
    },
    "medians": {
        "a step": {"one": {"rate": 1234.0, "cpu": 2.5, "p50_ms": 0.5, "p99_ms": 9.0, "memory_mb": 50.1}}
    },
}


def threaded(action: Callable[[str], float]) -> None:
    answer_threaded({"step": action})


def asynchronous(action: Callable[[str], float]) -> None:
    async def act(name: str) -> float:
        await asyncio.sleep(0)
        return action(name)

    asyncio.run(answer_async({"step": act}))


WAYS = pytest.mark.parametrize("way", [threaded, asynchronous])


def work(
    way: Callable[[Callable[[str], float]], None],
    action: Callable[[str], float],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> dict[str, Any]:
    monkeypatch.setattr(sys, "stdin", io.StringIO("step 3 0.05\n"))
    way(action)
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


@WAYS
def test_callers_count_their_operations(
    way: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names: list[str] = []

    def act(name: str) -> float:
        names.append(name)
        time.sleep(0.001)
        return 0.25

    report = work(way, act, monkeypatch, capsys)

    assert report["operations"] == len(names) == len(set(names)) >= 3
    assert (report["p50_ms"], report["p99_ms"]) == (250, 250)
    assert report["seconds"] >= 0.05


@WAYS
def test_a_wrong_result_is_reported(
    way: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(name: str) -> float:
        check("other", name)
        return 0.0

    assert "and got 'other'" in work(way, act, monkeypatch, capsys)["failure"]


def test_rows_say_what_was_measured() -> None:
    head, rows = list_measured(RESULT)

    assert head[2:] == ("per second", "CPU ms/1,000", "p50 ms", "p99 ms", "memory MB")
    assert rows == [("a step", "one", "1,234", "2.50", "0.50", "9.00", "50.1")]
    assert list_measured({})[1] == []


def test_rates_of_a_busy_machine_are_left_out() -> None:
    head, rows = list_measured(RESULT | {"foreign_cpu_share": 0.5})

    assert head[2:] == ("CPU ms/1,000", "p50 ms", "memory MB")
    assert rows == [("a step", "one", "2.50", "0.50", "50.1")]


def test_rows_say_what_was_installed() -> None:
    assert list_installed(RESULT)[1] == [("`one`", "One, 1.2", "a log", "goes on", "7 (12 MB)", "2")]


def test_the_packages_of_awaken_are_counted() -> None:
    installed = make_environment("", None)

    assert installed.version == "0.1.0"
    assert installed.packages > 10
    assert installed.megabytes > 10


def test_every_system_says_what_it_promises() -> None:
    assert all(subject.durable and subject.guarantee and subject.title for subject in SUBJECTS)
    assert len({subject.name for subject in SUBJECTS}) == len(SUBJECTS)
