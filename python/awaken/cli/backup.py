"""`awaken backup`: copy a data directory while a runtime uses it."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 -- typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.places import DataDirOption, directory_of
from awaken.cli.settings import JsonOutputOption  # noqa: TC001 -- typer reads the annotations

if TYPE_CHECKING:
    from awaken.runtime.store.backup import Backup

__all__ = ["backup"]


@explain_failures
def backup(
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="The directory to make; may be there if it is empty.")
    ],
    data_dir: DataDirOption = None,
    json_output: JsonOutputOption = False,
) -> None:
    """Copy the embedded runtime's data directory, also while a runtime uses it.

    The copy has what was stored at the moment when the command began, and the key that signs links. To restore, start a
    runtime with it: --data-dir TARGET. Never run it beside the original.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from awaken.cli.server_settings import read_server_settings
    from awaken.runtime.errors import StoreError
    from awaken.runtime.store.backup import back_up

    directory = directory_of(data_dir, read_server_settings())
    began = time.monotonic()
    console = Console(stderr=True)
    columns = (
        TextColumn("copying"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("copying", total=None)
            made = back_up(
                directory,
                target,
                on_progress=lambda copied, total: progress.update(task, completed=copied, total=total),
            )
    except StoreError as error:
        raise CommandError(f"{error} (TARGET, and --data-dir or AWAKEN_DATA_DIR)") from error
    _print(made, time.monotonic() - began, json_output=json_output)


def _print(made: Backup, seconds: float, *, json_output: bool) -> None:
    from awaken.cli.output import format_size, print_json, print_text

    if json_output:
        print_json({**asdict(made), "path": str(made.path)})
        return
    print_text(
        f"{made.path}: {format_size(made.size)} with {made.open_invocations} open invocations, in "
        f"{seconds:.1f} s"
    )
    if not made.has_key:
        print_text("there was no key of links to copy; the runtime makes one with its first link")
