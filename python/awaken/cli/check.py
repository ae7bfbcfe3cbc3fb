"""`awaken check`: look for damage in a data directory."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.places import DataDirOption, directory_of
from awaken.cli.settings import JsonOutputOption  # noqa: TC001 -- typer reads the annotations

if TYPE_CHECKING:
    from awaken.runtime.store.check import Report

__all__ = ["check"]


@explain_failures
def check(
    data_dir: DataDirOption = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Compare indexes with their tables, too; takes several times as long."),
    ] = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact",
            help="Afterwards, rewrite the database without free pages. Nothing may use the directory.",
        ),
    ] = False,
    json_output: JsonOutputOption = False,
) -> None:
    """Read every page of the embedded runtime's database, and report what is damaged.

    A runtime may use the directory meanwhile. Exits with 1 if something is wrong.
    """
    from rich.console import Console

    from awaken.cli.output import format_size, print_text
    from awaken.cli.server_settings import read_server_settings
    from awaken.runtime.errors import StoreError
    from awaken.runtime.store.check import check_directory, compact_directory

    directory = directory_of(data_dir, read_server_settings())
    try:
        with Console(stderr=True).status("opening the database") as status:  # shown on a terminal only
            report = check_directory(
                directory, is_full=full, on_table=lambda table: status.update(f"reading {table}")
            )
        _print(report, json_output=json_output)
        if report.problems:
            raise typer.Exit(1)
        if compact:
            with Console(stderr=True).status("rewriting the database"):
                before, after = compact_directory(directory)
            if not json_output:
                print_text(f"rewritten: {format_size(before)} before, {format_size(after)} after")
    except StoreError as error:
        raise CommandError(f"{error} (--data-dir or AWAKEN_DATA_DIR)") from error


def _print(report: Report, *, json_output: bool) -> None:
    from awaken.cli.output import format_size, print_json, print_text
    from awaken.cli.tables import Column, print_table

    if json_output:
        print_json({**asdict(report), "path": str(report.path)})
        return
    known = report.schema_version is not None
    print_text(
        f"{report.path}: {format_size(report.size)}"
        + (
            f", {format_size(report.free_size)} of it free, schema version {report.schema_version}"
            if known
            else ""
        )
    )
    print_table(
        (Column("Table"), Column("Rows")), [(table, str(count)) for table, count in report.rows.items()]
    )
    for problem in report.problems:
        print_text(f"wrong: {problem}")
    if report.is_damaged:
        print_text("restore the directory from a backup, or move it away to start without data")
    elif not report.problems:
        print_text("no damage found")
