"""Prints what happens to invocations, one line for each event."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

from awaken.control.futures import describe_future
from awaken.diagnostics.printable import escape_line
from awaken.hosting.display import write_steps
from awaken.hosting.documents import document_line
from awaken.runtime.events import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
#: The code of a journal mismatch.
_MISMATCH: Final = 570
#: Invocations whose mismatch has been explained. After that many, some are explained again.
_MOST_EXPLAINED: Final = 1000
#: Bytes of an input that are shown: enough to recognize it, and a line stays a line.
_LONGEST_INPUT: Final = 120


class EventLines:
    """Prints events for people, and counts those beyond a rate that nobody reads.

    Args:
        file: where to print, with colours if it is a terminal; None is standard output.
        show_payloads: print how the input of a new invocation begins.
        is_code_edited: handlers change in their place, so say what to do about a journal of the old code.
    """

    most: int | None = 50
    admin_option: str = ""

    def __init__(
        self, file: TextIO | None = None, *, show_payloads: bool = False, is_code_edited: bool = False
    ) -> None:
        self._file = file
        self._show_payloads = show_payloads
        self._is_code_edited = is_code_edited
        self._explained: set[str] = set()
        self._dim, self._styles = _terminal_codes(file or sys.stdout)

    def note(self, event: Event) -> None:
        """Print an event now, as an `awaken.runtime.events.Observer`."""
        self.draw([(time.time(), event)], {})

    def draw(self, steps: Iterable[tuple[float, Event]], more: Mapping[EventKind, int]) -> None:
        """Print steps; see `awaken.hosting.step_ticker.Drawing`."""
        lines = [self._line(moment, event) for moment, event in steps]
        if more:
            counts = ", ".join(f"{count:,} {kind.value}" for kind, count in more.items())
            lines.append(f"{self._moment(time.time())}  and {sum(more.values()):,} more: {counts}\n")
        if self._file is None:
            write_steps("".join(lines))
        else:
            self._file.write("".join(lines))

    def _line(self, moment: float, event: Event) -> str:
        begin, end = self._styles[event.kind]
        dim, bright = self._dim
        detail = _explain(event)
        if self._show_payloads and event.input:
            detail = f"{detail}  input {_beginning(event.input)}".strip()
        return (
            f"{self._moment(moment)}  {begin}{event.kind.value:<11}{end}"
            f"  {escape_line(_cut(event.target, _LONGEST_TARGET)):<28}  {dim}{event.invocation_id}{bright}"
            f"{'  ' if detail else ''}{escape_line(detail)}\n{self._explain_mismatch(event)}"
        )

    def _explain_mismatch(self, event: Event) -> str:
        """Return what to do about an invocation that began on other code; nothing the second time."""
        is_new = event.invocation_id not in self._explained
        if not (self._is_code_edited and is_new and event.failure and event.failure.code == _MISMATCH):
            return ""
        if len(self._explained) >= _MOST_EXPLAINED:
            self._explained.clear()
        self._explained.add(event.invocation_id)
        admin = self.admin_option
        return (
            "awaken: if you changed the code while this invocation was open, bring the old code back, and it "
            f"continues; or begin it anew: awaken invocations kill {event.invocation_id}{admin} && "
            f"awaken invocations restart {event.invocation_id}{admin}\n"
        )

    def _moment(self, moment: float) -> str:
        dim, bright = self._dim
        second = time.strftime("%H:%M:%S", time.localtime(moment))
        return f"{dim}{second}.{int(moment * 1000) % 1000:03}{bright}"


class JsonEventLines:
    """Prints events for programs, a JSON document on each line.

    Args:
        show_payloads: print how the input of a new invocation begins.
    """

    most: int | None = None
    admin_option: str = ""

    def __init__(self, *, show_payloads: bool = False) -> None:
        self._show_payloads = show_payloads

    def note(self, event: Event) -> None:
        """Print an event now, as an `awaken.runtime.events.Observer`."""
        self.draw([(time.time(), event)], {})

    def draw(self, steps: Iterable[tuple[float, Event]], more: Mapping[EventKind, int]) -> None:
        """Print steps; see `awaken.hosting.step_ticker.Drawing`."""
        write_steps("".join(document_line(self._facts(event), int(moment * 1000)) for moment, event in steps))

    def _facts(self, event: Event) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "step": event.kind.value,
            "invocation": event.invocation_id,
            "target": _cut(event.target, _LONGEST_TARGET),
        }
        if event.detail:
            facts["detail"] = event.detail
        if self._show_payloads and event.input:
            facts["input"] = _beginning(event.input)
        if event.duration_ms is not None:
            facts["duration_ms"] = event.duration_ms
        return facts


def _terminal_codes(file: TextIO) -> tuple[tuple[str, str], dict[EventKind, tuple[str, str]]]:
    """Return what begins and ends faint text and the text of each kind; nothing if it is no terminal with colours."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False, markup=False)

    def codes(style: str) -> tuple[str, str]:
        with console.capture() as captured:
            console.print(Text("|", style), end="")
        begin, _, end = captured.get().partition("|")
        return begin, end

    return codes("dim"), {kind: codes(style) for kind, style in _STYLES.items()}


def _explain(event: Event) -> str:
    if event.kind is EventKind.ATTEMPT:
        return "" if event.detail == "1" else f"attempt {event.detail}"
    if event.kind is EventKind.SUSPENDED:
        return f"waits for {event.waits or describe_future(event.detail)}"
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
