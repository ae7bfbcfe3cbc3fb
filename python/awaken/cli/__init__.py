"""The `awaken` command: one module per subcommand.

`awaken --help` imports every module of this package, and has to be fast: a module imports what its command needs inside
the command.
"""

from __future__ import annotations

import errno
import io
import sys
from contextlib import suppress
from typing import Annotated, Final

import typer

from awaken.cli import (
    awakeables,
    backup,
    check,
    deployments,
    dev,
    gateway,
    identifiers,
    invocations,
    new,
    register,
    reject,
    resolve,
    runtime,
    serve,
)
from awaken.cli.command_group import CommandGroup
from awaken.cli.output import end_without_output
from awaken.hosting.display import hold_standard_descriptors

__all__ = ["app", "main"]

#: What writing to a standard stream that takes no more fails with, besides broken pipes, which typer knows.
_UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    name="awaken",
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from awaken._core import __version__

        typer.echo(f"awaken {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Run and operate durable handlers, which wait for the outside world through crashes and deploys.

    Commands that talk to a runtime send it the token in AWAKEN_TOKEN, or in the file AWAKEN_TOKEN_FILE.
    """


app.command("new")(new.new)
app.command("dev")(dev.dev)
app.command("serve")(serve.serve)
app.command("runtime")(runtime.runtime)
app.command("check")(check.check)
app.command("backup")(backup.backup)
app.command("register")(register.register)
app.command("resolve", context_settings=resolve.SETTINGS)(resolve.resolve)
app.command("reject")(reject.reject)
app.command("id")(identifiers.decode)
app.command("gateway")(gateway.gateway)
app.add_typer(invocations.commands, name="invocations")
app.add_typer(awakeables.commands, name="awakeables")
app.add_typer(deployments.commands, name="deployments")
awakeables.commands.command("resolve", context_settings=resolve.SETTINGS)(resolve.resolve)
awakeables.commands.command("reject")(reject.reject)


def main() -> None:
    """Run the command line."""
    hold_standard_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OSError as error:
        # Of help, versions and usage errors, which typer prints; commands explain their own failures.
        if error.filename is not None or error.errno not in _UNWRITABLE:
            raise
        with suppress(typer.Exit):
            end_without_output(error)
        sys.exit(1)
