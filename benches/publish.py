"""Makes the pictures and tables of docs/comparison from stored results: `python -m benches.publish`.

Results are in `benches/results`, one file for each benchmark, as `--json-output` writes them. What is between a pair of
markers in the page (`<!-- table: NAME -->` and `<!-- end -->`) is replaced; all else in it is written by people.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benches.alternatives.publishing import is_busy, list_installed, list_measured
from benches.goals import GOALS
from benches.pictures import Bar, Group, draw_bars
from benches.summary import list_costs, list_summary
from benches.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benches" / "results"
PAGE = ROOT / "docs" / "comparison" / "performance.md"
#: Beside other systems.
COMPARISON = ROOT / "docs" / "comparison" / "index.md"
README = ROOT / "README.md"
PICTURES = ROOT / "docs" / "pictures"
NONE = "–"
#: Also nothing, and a number with a unit; not a date.
NUMBER = re.compile(r"[\d,.]*( ?[A-Za-z%]{1,2})?$|–$|[≥≤] ")
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing, and fail if something is not what results say.")
    ] = False,
) -> None:
    """Write the pictures and tables of docs/comparison and README.md from the stored results."""
    results = read_results(RESULTS)
    wanted = {PICTURES / f"{name}.svg": picture for name, picture in draw_pictures(results).items()}
    wanted |= {page: fill_page(page.read_text(), results) for page in (PAGE, COMPARISON, README)}
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_text() != content]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if check and stale:
        typer.echo(f"{names}: not what benches/results says; run `python -m benches.publish`", err=True)
        raise typer.Exit(1)
    for path in stale:
        path.write_text(wanted[path])
    typer.echo(f"wrote {names}" if stale else "all is as the results say")


def read_results(folder: Path) -> dict[str, Any]:
    """Return the results of each benchmark that has some, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def fill_page(page: str, results: Mapping[str, Any]) -> str:
    """Replace the tables of the page.

    Raises:
        KeyError: it has a marker for a table that nothing makes.
    """
    return BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]](results)}{block[3]}", page)


def draw_pictures(results: Mapping[str, Any]) -> dict[str, str]:
    """Return the pictures of the results that are there, by name."""
    pictures = {}
    if "peers" in results:
        pictures["performance-peers"] = draw_bars(
            "Endpoints under the runtime's load",
            "CPU milliseconds of the endpoint for 1,000 invocations; less is better",
            groups_of(results["peers"], "cpu", "awaken"),
        )
    if "runtimes" in results:
        pictures["performance-runtimes"] = draw_bars(
            "Whole stacks, with durable commits",
            "Operations per second; more is better",
            groups_of(results["runtimes"], "rate", "awaken-"),
        )
        pictures["performance-runtimes-cpu"] = draw_bars(
            "Whole stacks, with durable commits",
            "CPU milliseconds of runtime and endpoint for 1,000 operations; less is better",
            groups_of(results["runtimes"], "cpu", "awaken-"),
        )
    if "imports" in results:
        above = results["imports"]["above"]
        bars = [Bar("wall time", above["import_ms"], True), Bar("CPU time", above["import_cpu_ms"], True)]
        pictures["performance-imports"] = draw_bars(
            "import awaken",
            "Milliseconds above `import asyncio, json`; the line is the goal",
            [Group("every extra installed", bars, goal=40.0)],
        )
    if "scale" in results:
        pictures["performance-scale"] = draw_bars(
            "Pending awakeables in one file",
            "Milliseconds for each action; less is better",
            scale_groups(results["scale"]["awakeables"]),
        )
    return pictures


def groups_of(result: Mapping[str, Any], metric: str, ours: str) -> list[Group]:
    """Return a group for each scenario, with a bar for each subject."""
    return [
        Group(
            scenario,
            [
                Bar(subject, subjects[subject][metric], subject.startswith(ours))
                for subject in result["subjects"]
                if metric in subjects.get(subject, {})
            ],
        )
        for scenario, subjects in result["medians"].items()
    ]


def scale_groups(result: Mapping[str, Any]) -> list[Group]:
    few, many = f"{result['few']:,} pending", f"{result['count']:,} pending"
    return [
        Group(name, [Bar(few, action["few_ms"]), Bar(many, action["many_ms"], True)])
        for name, action in result["actions"].items()
    ]


def show_pictures(results: Mapping[str, Any], benchmark: str) -> str:
    """Return what shows the pictures of one benchmark on the page; nothing before there are some."""
    names = [name for name in draw_pictures(results) if name.startswith(f"performance-{benchmark}")]
    return "".join(f"![{benchmark}](../pictures/{name}.svg)\n\n" for name in names)


def goal_table(results: Mapping[str, Any]) -> str:
    rows = []
    for goal in GOALS:
        value = goal.value(results)
        shown = NONE if value is None else f"{show_number(value)}{goal.unit}"
        verdict = NONE if value is None else "met" if goal.is_met(value) else "**missed**"
        rows.append((goal.what, goal.wanted(), shown, verdict))
    return markdown(("", "goal", "measured", ""), rows)


def peer_table(results: Mapping[str, Any]) -> str:
    columns = {"rate": "per second", "cpu": "CPU ms/1,000", "p99_ms": "p99 ms"}
    missing = results.get("peers", {}).get("missing", {})
    without = "".join(
        f"\nNot measured: `{peer}`, because {first_line(why)}.\n" for peer, why in missing.items()
    )
    return show_pictures(results, "peers") + median_table(results.get("peers"), columns) + without


def first_line(text: str) -> str:
    return text.splitlines()[0].rstrip(".") if text.strip() else "it could not be built"


def stack_table(results: Mapping[str, Any]) -> str:
    columns = {
        "rate": "per second",
        "cpu": "CPU ms/1,000",
        "p50_ms": "p50 ms",
        "p99_ms": "p99 ms",
        "resolve_to_answer_p50_ms": "resolve to answer, p50 ms",
        "memory_mb": "memory MB",
    }
    return show_pictures(results, "runtimes") + median_table(results.get("runtimes"), columns)


def median_table(result: Mapping[str, Any] | None, columns: Mapping[str, str]) -> str:
    rows = []
    for scenario, subjects in (result or {}).get("medians", {}).items():
        for subject, values in subjects.items():
            cells = [show_number(values[metric]) if metric in values else "" for metric in columns]
            rows.append((scenario, subject, *cells))
    return markdown(("", "", *columns.values()), rows)


def hold_table(results: Mapping[str, Any]) -> str:
    holds = results.get("peers", {}).get("holds", {})
    rows = [
        (peer, f"{hold['count']:,}", show_number(hold["memory_each"] / 1000), show_number(hold["p99_ms"]))
        for peer, hold in holds.items()
    ]
    return markdown(("", "open", "KB each", "p99 ms"), rows)


def scale_table(results: Mapping[str, Any]) -> str:
    rows = []
    for kind, result in results.get("scale", {}).items():
        if not isinstance(result, dict) or "actions" not in result:
            continue
        for name, action in result["actions"].items():
            few, many = action["few_ms"], action["many_ms"]
            rows.append((kind, name, *map(show_number, (few, many, many / few))))
    return show_pictures(results, "scale") + markdown(("", "", "few, ms", "many, ms", "ratio"), rows)


def import_table(results: Mapping[str, Any]) -> str:
    above = results.get("imports", {}).get("above", {})
    titles = {
        "import_ms": "the import, wall time",
        "import_cpu_ms": "the import, CPU time",
        "process_ms": "the whole process, wall time",
    }
    rows = [(titles[name], show_number(value)) for name, value in above.items()]
    return show_pictures(results, "imports") + markdown(("above `import asyncio, json`", "ms"), rows)


def machine_table(results: Mapping[str, Any]) -> str:
    rows = []
    for name, result in results.items():
        if "machine" not in result:
            continue
        machine = result["machine"]
        versions = ", ".join(f"{key} {value}" for key, value in result["versions"].items() if value)
        share = result.get("foreign_cpu_share")
        rows.append(
            (
                name,
                result["date"][:10],
                f"`{result['commit']}`",
                f"{machine['cpus']} x {machine['cpu']}, {machine['memory_gib']} GiB, {machine['system']}",
                f"Python {machine['python']}, {versions}",
                NONE if share is None else f"{share:.0%}",
            )
        )
    return markdown(("", "date", "commit", "machine", "versions", "CPU of other processes"), rows)


def markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table, or a sentence if it would be empty. Columns of numbers are on the right."""
    if not rows:
        return "Not measured yet.\n"
    columns = zip(*rows, strict=True)
    rule = ["---:" if all(NUMBER.match(cell) for cell in column) else "---" for column in columns]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *rows))


def alternatives_table(results: Mapping[str, Any]) -> str:
    result = results.get("alternatives", {})
    table = markdown(*list_measured(result))
    if is_busy(result):
        share = f"{result['foreign_cpu_share']:.0%}"
        table += f"\nOther processes used {share} of the machine, so rates and the slowest operations are left out.\n"
    return table


def installed_table(results: Mapping[str, Any]) -> str:
    return markdown(*list_installed(results.get("alternatives", {})))


def cost_table(results: Mapping[str, Any]) -> str:
    return markdown(*list_costs(results))


def summary_table(results: Mapping[str, Any]) -> str:
    return markdown(*list_summary(results))


#: By the name in the page's markers.
TABLES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "costs": cost_table,
    "goals": goal_table,
    "summary": summary_table,
    "machine": machine_table,
    "peers": peer_table,
    "hold": hold_table,
    "runtimes": stack_table,
    "scale": scale_table,
    "imports": import_table,
    "alternatives": alternatives_table,
    "installed": installed_table,
}


if __name__ == "__main__":
    typer.run(main)
