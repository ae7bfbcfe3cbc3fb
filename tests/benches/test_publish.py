from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

from benches import publish
from benches.goals import GOALS, Goal
from benches.pictures import Bar, Group, draw_bars

RESULTS: dict[str, Any] = {
    "peers": {
        "date": "2026-01-02T03:04:05+00:00",
        "commit": "abc1234",
        "machine": {"cpus": 2, "cpu": "Some CPU", "memory_gib": 8, "system": "Linux", "python": "3.11.2"},
        "versions": {"awaken": "0.1.0", "granian": None},
        "foreign_cpu_share": 0.03,
        "subjects": {"awaken": "awaken serve", "rust": "official Rust SDK"},
        "medians": {
            "greet": {"awaken": {"rate": 20_000.0, "cpu": 21.5}, "rust": {"rate": 25_000.0, "cpu": 22.0}}
        },
        "ratios": {"greet": {"awaken/rust": {"cpu": 0.977}}},
        "holds": {"awaken": {"count": 5000, "memory_each": 4200.0, "p99_ms": 12.0}},
    }
}


def test_tables_say_what_was_measured_and_what_was_not() -> None:
    page = "# P\n<!-- table: goals -->\nold\n<!-- end -->\nkept\n<!-- table: scale -->\n<!-- end -->\n"
    filled = publish.fill_page(page, RESULTS)
    assert "| greet: CPU against the official Rust SDK | ≤ 1x | 0.98x | met |" in filled
    assert "| memory for each open invocation that waits | ≤ 4 KB | 4.20 KB | **missed** |" in filled
    assert "| awakeable wait: CPU against Rust | ≤ 1.5x | – | – |" in filled
    assert "old" not in filled
    assert filled.endswith("\nkept\n<!-- table: scale -->\nNot measured yet.\n<!-- end -->\n")
    assert publish.fill_page(filled, RESULTS) == filled


def test_the_pages_have_every_table_and_are_what_the_results_say() -> None:
    pages = [page.read_text() for page in (publish.PAGE, publish.COMPARISON, publish.README)]
    assert {name for page in pages for _, name, _ in publish.BLOCK.findall(page)} == publish.TABLES.keys()
    results = publish.read_results(publish.RESULTS)
    assert [publish.fill_page(page, results) for page in pages] == pages
    for name, picture in publish.draw_pictures(results).items():
        assert (publish.PICTURES / f"{name}.svg").read_text() == picture


def test_pictures_that_the_page_shows_exist() -> None:
    for name in re.findall(r"pictures/([\w-]+\.svg)", publish.PAGE.read_text()):
        assert (publish.PICTURES / name).exists()


def test_a_benchmark_with_results_shows_its_picture() -> None:
    filled = publish.fill_page("<!-- table: peers -->\n<!-- end -->", RESULTS)
    assert "![peers](../pictures/performance-peers.svg)\n\n| " in filled
    assert "| greet | awaken | 20,000 | 21.5 |  |" in filled


def test_goals_compare_in_the_unit_of_their_bound() -> None:
    memory = Goal("memory", ("peers", "holds", "awaken", "memory_each"), 4.0, unit=" KB", scale=1000)
    assert memory.value(RESULTS) == 4.2
    assert not memory.is_met(4.2)
    assert Goal("rate", ("peers",), 3.0, is_least=True).is_met(3.0)
    assert memory.value({}) is None
    assert len({goal.path for goal in GOALS}) == len(GOALS)


def test_what_a_smaller_run_measured_is_not_taken_for_the_goal() -> None:
    goal = next(goal for goal in GOALS if "memory of each" in goal.what)
    small = {"scale": {"awakeables": {"count": 5000, "memory_each": 40.0}}}
    assert goal.value(small) is None
    small["scale"]["awakeables"]["count"] = 1_000_000
    assert goal.value(small) == 40.0


def test_costs_are_those_of_the_system_in_the_column() -> None:
    waiting = "| memory of an endpoint for each handler that waits in it | 4.20 KB |  |  |  |  |\n"
    assert waiting in publish.cost_table(RESULTS)
    greet = {"awaken-runtime": {"rate": 4000.0}, "server-granian": {"rate": 1600.0}}
    stacks = publish.cost_table({"runtimes": {"medians": {"greet, 32 callers": greet}}})
    assert "| calls without a step in a second, 32 callers | 4,000 | 1,600 |  |  |  |\n" in stacks


def test_columns_of_numbers_are_on_the_right() -> None:
    rows = [("greet", "1,234", "0.98x", "2026-01-02"), ("wait", "", "–", "")]
    assert publish.markdown(("", "a", "b", "c"), rows).splitlines()[1] == "| --- | ---: | ---: | --- |"


def test_peers_that_could_not_be_measured_are_named() -> None:
    missing = {"peers": {**RESULTS["peers"], "missing": {"go": "there is no `go`"}}}
    assert "Not measured: `go`, because there is no `go`.\n" in publish.peer_table(missing)


def test_bars_are_valid_svg_with_lengths_in_proportion() -> None:
    groups = [
        Group("a < b", [Bar("ours & theirs", 50, True), Bar("other", 100)], goal=25),
        Group("empty", []),
    ]
    root = ET.fromstring(draw_bars("Title", "note", groups))
    space = "{http://www.w3.org/2000/svg}"
    bars = root.findall(f"{space}rect")
    assert [bar.get("class") for bar in bars] == ["ours", "other"]
    assert float(bars[0].get("width", 0)) * 2 == float(bars[1].get("width", 0))
    texts = [text.text for text in root.findall(f"{space}text")]
    assert "a < b" in texts
    assert "empty" not in texts
    assert len(root.findall(f"{space}line")) == 1


def test_results_without_a_measurement_draw_nothing() -> None:
    assert publish.draw_pictures({}) == {}
    assert list(publish.draw_pictures(RESULTS)) == ["performance-peers"]
