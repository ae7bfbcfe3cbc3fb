"""How a command fails: a paragraph on stderr that says what to do, and an exit status."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

import typer

from awaken.cli.output import documents_on_stderr, print_error

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BrokenApplicationError", "CommandError", "UsageError", "explain_failures"]

P = ParamSpec("P")
R = TypeVar("R")


class CommandError(Exception):
    """A command cannot do what you asked for; the message says what happened and what to do."""

    exit_status: ClassVar[int] = 1


class UsageError(CommandError):
    """The options cannot be used as they are, whatever the state of the world."""

    # As for an option that does not exist.
    exit_status = 2


class BrokenApplicationError(CommandError):
    """The application cannot be loaded or served; changing its code may help."""


def explain_failures(command: Callable[P, R]) -> Callable[P, R]:
    """Print a `CommandError` as a paragraph and exit with its status, instead of a traceback.

    With `--json-output`, that paragraph and all else on stderr is a JSON document.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with documents_on_stderr(wanted=kwargs.get("json_output") is True):
            try:
                return command(*args, **kwargs)
            except CommandError as error:
                print_error(str(error))
                raise typer.Exit(error.exit_status) from error

    return run
