from __future__ import annotations

from rich.console import Console

from benches.instructions.__main__ import Counts, report

MADE_WITH = {"rustc": "1.95.0", "host": "x86_64-unknown-linux-gnu"}
STORED = Counts(made_with=MADE_WITH, counts={"encode": 1000, "decode": 2000})


def run(counts: dict[str, int], made_with: dict[str, str] = MADE_WITH) -> tuple[int, str]:
    console = Console(record=True, width=200, quiet=False)
    status = report(STORED, Counts(made_with=made_with, counts=counts), console)
    return status, console.export_text()


def test_a_few_more_or_less_are_no_change() -> None:
    status, text = run({"encode": 1049, "decode": 1901})
    assert status == 0
    assert "2 operations take at most 5 % more" in text
    assert "encode" not in text


def test_over_5_percent_more_fail_and_are_shown() -> None:
    status, text = run({"encode": 1051, "decode": 2000})
    assert status == 1
    row = next(line for line in text.splitlines() if "encode" in line)
    assert [cell.strip() for cell in row.split("│")[1:5]] == ["encode", "1,000", "1,051", "1.051"]
    assert "decode" not in text
    assert "make bench-instructions" in text


def test_far_fewer_are_told() -> None:
    status, text = run({"encode": 900, "decode": 2000})
    assert status == 0
    assert "0.900" in text
    assert "Store the lower counts" in text


def test_operations_that_are_new_or_gone_fail_until_they_are_stored() -> None:
    status, text = run({"encode": 1000, "parse": 7})
    assert status == 1
    assert [line.split("│")[1].strip() for line in text.splitlines() if "none" in line] == ["parse", "decode"]


def test_counts_of_another_compiler_are_told_rather_than_failed() -> None:
    status, text = run({"encode": 5000, "decode": 2000}, {**MADE_WITH, "rustc": "1.99.0"})
    assert status == 0
    assert "5.000" in text
    assert "rustc 1.95.0 there, 1.99.0 here" in text
