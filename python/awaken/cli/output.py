"""Prints the output of commands: text for people, JSON for programs.

Text from outside is escaped, so that it cannot act on a terminal. Commands that serve call `start_output` of
`cli/announcing.py` before they print; then nothing here can fail. The output of other commands is their result: one
that nobody reads ends them quietly, and one that cannot be stored is an error.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

import typer

from awaken.diagnostics.printable import escape_json, escape_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "documents_on_stderr",
    "end_without_output",
    "format_size",
    "print_error",
    "print_facts",
    "print_json",
    "print_progress",
    "print_text",
    "write_out",
]

#: Exit status when the reader of standard output is gone: that of a program which SIGPIPE ends, as shells report it.
_NOBODY_READS: Final = 141


def format_size(size: int) -> str:
    """Return a number of bytes for people."""
    return f"{size / 1024 / 1024:.1f} MiB"


def print_json(value: Any) -> None:
    """Print one JSON document."""
    write_out(escape_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n")


def print_text(text: str) -> None:
    """Print a line, or several of which those after the first are indented."""
    write_out(f"{escape_text(text, indent='  ')}\n")


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values in two columns; the second and later lines of a value are below its first one."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        write_out(f"{name:<{width}}  {escape_text(str(value).rstrip(), indent=' ' * (width + 2))}\n")


def print_progress(text: str) -> None:
    """Print a line on stderr for people; programs that read stdout do not see it."""
    _print_beside(f"{escape_text(text)}\n", "message", text)


def print_error(text: str) -> None:
    """Print why a command fails, on stderr."""
    _print_beside(f"{escape_text(f'error: {text}')}\n", "error", text)


@contextmanager
def documents_on_stderr(*, wanted: bool) -> Iterator[None]:
    """Make what is printed on stderr within the block JSON documents, one a line, if it is wanted."""
    before, _stderr.is_json = _stderr.is_json, wanted
    try:
        yield
    finally:
        _stderr.is_json = before


class _Stderr:
    is_json = False


_stderr: Final = _Stderr()


def _print_beside(line: str, key: str, text: str) -> None:
    if _stderr.is_json:
        from awaken.hosting.documents import document_line

        line = document_line({key: text.removeprefix("awaken: ")})
    with suppress(OSError, ValueError):  # what was to be done matters more
        sys.stderr.write(line)
        sys.stderr.flush()


def write_out(text: str) -> None:
    """Write text that is escaped already to stdout, and end the command if that is impossible."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        end_without_output(error)


def end_without_output(error: OSError) -> NoReturn:
    """End the command, because standard output takes no more."""
    if isinstance(error, BrokenPipeError):
        _leave(_NOBODY_READS)
    print_error(f"cannot write the output: {error.strerror or error}")
    _leave(1)


def _leave(status: int) -> NoReturn:
    """End the command, without another try to write what is left when Python ends."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(status)
