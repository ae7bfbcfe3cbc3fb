"""The command line itself: it prints what typer says of wrong options as commands print their own failures."""

from __future__ import annotations

import io
import sys
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Protocol, runtime_checkable

import typer
from typer.core import TyperGroup

from awaken.cli.output import print_error, print_progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

__all__ = ["CommandGroup"]


@runtime_checkable
class _UsageFailure(Protocol):
    """What typer raises for wrong options; their base class has another public name in each version of typer."""

    exit_code: int
    message: str

    def format_message(self) -> str: ...

    def show(self, file: IO[Any] | None = None) -> None: ...


class CommandGroup(TyperGroup):
    """All commands. A failure of typer's begins with `error:`, too, after its usage line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command, and exit with its status unless `standalone_mode` is false."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        try:
            status = run()
        except typer.Abort:
            print_error("aborted")
            sys.exit(1)
        except Exception as error:
            if not isinstance(error, _UsageFailure):
                raise
            _end(error)
        sys.exit(status if isinstance(status, int) else 0)


def _end(failure: _UsageFailure) -> NoReturn:
    failure.message = _own_words(failure)
    shown = io.StringIO()
    failure.show(shown)
    # What typer puts before its message has no name to replace it by. Help, for a command without arguments, has none.
    message = failure.format_message()
    print_progress(shown.getvalue().rstrip("\n").replace(f"Error: {message}", f"error: {message}"))
    sys.exit(failure.exit_code)


def _own_words(failure: _UsageFailure) -> str:
    """Return the message without what pydantic, by which typer reads values, puts before that of a `ValueError`."""
    list_errors = getattr(getattr(failure, "__cause__", None), "errors", list)
    errors: list[dict[str, Any]] = list_errors()
    original = errors[0].get("ctx", {}).get("error") if errors else None
    return str(original) if isinstance(original, ValueError) else failure.message
