"""Prints what happens to invocations, one line for each event."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from awaken.control.futures import describe_future
from awaken.diagnostics.printable import escape_line
from awaken.hosting.display import write_document
from awaken.hosting.documents import document_line
from awaken.runtime.events import Event, EventKind

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["EventLines", "JsonEventLines"]

_STYLES: Final = {
    EventKind.ACCEPTED: "cyan",
    EventKind.ATTEMPT: "",
    EventKind.SUSPENDED: "yellow",
    EventKind.BACKING_OFF: "red",
    EventKind.PAUSED: "bold red",
    EventKind.SUCCEEDED: "green",
    EventKind.FAILED: "red",
}
_LONGEST_DETAIL: Final = 200
#: Characters of a target, whose key a caller chooses: keys of megabytes would fill the disk, and hold up the runtime.
_LONGEST_TARGET: Final = 1000
#: Bytes of an input that are shown: enough to recognize it, and a line stays a line.
_LONGEST_INPUT: Final = 120


class EventLines:
    """Prints events for people; an `awaken.runtime.events.Observer`.

    Args:
        file: where to print, with colours if it is a terminal; None is standard output.
        show_payloads: print how the input of a new invocation begins.
    """

    def __init__(self, file: TextIO | None = None, *, show_payloads: bool = False) -> None:
        from rich.console import Console

        self._console = Console(file=file or sys.stdout, highlight=False, markup=False, soft_wrap=True)
        self._show_payloads = show_payloads

    def note(self, event: Event) -> None:
        """Print an event."""
        from rich.text import Text

        line = Text()
        line.append(datetime.now().strftime("%H:%M:%S.%f")[:-3], "dim")
        line.append(f"  {event.kind.value:<11}", _STYLES[event.kind])
        line.append(f"  {escape_line(_cut(event.target, _LONGEST_TARGET)):<28}")
        line.append(f"  {event.invocation_id}", "dim")
        detail = _explain(event)
        if self._show_payloads and event.input:
            detail = f"{detail}  input {_beginning(event.input)}".strip()
        if detail:
            line.append(f"  {escape_line(detail)}")
        with suppress(OSError, ValueError):  # broken, or closed by a handler: the runtime goes on
            self._console.print(line)


class JsonEventLines:
    """Prints events for programs, a JSON document on each line; an `awaken.runtime.events.Observer`.

    Args:
        show_payloads: print how the input of a new invocation begins.
    """

    def __init__(self, *, show_payloads: bool = False) -> None:
        self._show_payloads = show_payloads

    def note(self, event: Event) -> None:
        """Print an event."""
        document: dict[str, Any] = {
            "step": event.kind.value,
            "invocation": event.invocation_id,
            "target": _cut(event.target, _LONGEST_TARGET),
        }
        if event.detail:
            document["detail"] = event.detail
        if self._show_payloads and event.input:
            document["input"] = _beginning(event.input)
        if event.duration_ms is not None:
            document["duration_ms"] = event.duration_ms
        write_document(document_line(document))


def _explain(event: Event) -> str:
    if event.kind is EventKind.ATTEMPT:
        return "" if event.detail == "1" else f"attempt {event.detail}"
    if event.kind is EventKind.SUSPENDED:
        return f"waits for {describe_future(event.detail)}"
    detail = _cut(event.detail.partition("\n")[0], _LONGEST_DETAIL)
    if event.duration_ms is not None:
        detail = f"{detail}  after {_duration(event.duration_ms)}".strip()
    return detail


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _beginning(payload: bytes) -> str:
    text = payload[:_LONGEST_INPUT].decode(errors="backslashreplace")
    return f"{text}…" if len(payload) > _LONGEST_INPUT else text


def _duration(milliseconds: int) -> str:
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
