"""What a process that serves prints for programs: a JSON document on each line, with the time."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any, Final

from awaken.diagnostics.printable import escape_json
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Buffer

__all__ = ["PrintedLines", "document_line"]

#: Bytes of a line that is not finished yet; a longer one becomes several documents.
_LONGEST_LINE: Final = 65536


def document_line(facts: Mapping[str, Any], at_ms: int | None = None) -> str:
    """Return facts as a JSON document and a line feed.

    Args:
        facts: what JSON can express; the time comes before it.
        at_ms: the time; None is now.
    """
    moment = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return f"{escape_json(json.dumps({'time': format_time(moment), **facts}, ensure_ascii=False))}\n"


class PrintedLines(io.RawIOBase):
    """Makes a document of each line that handlers and libraries print.

    Args:
        put: takes a document. It must not raise.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._rest = b""

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def write(self, data: Buffer) -> int:
        """Take bytes, and put what has become whole lines."""
        taken = bytes(data)
        *lines, rest = (self._rest + taken).split(b"\n")
        begin = 0
        while len(rest) - begin > _LONGEST_LINE:
            lines.append(rest[begin : begin + _LONGEST_LINE])
            begin += _LONGEST_LINE
        self._rest = rest[begin:]
        for line in lines:
            self._print(line)
        return len(taken)

    def finish(self) -> None:
        """Put what was printed without a line feed at its end."""
        if self._rest:
            self._print(self._rest)
            self._rest = b""

    def _print(self, line: bytes) -> None:
        self._put(document_line({"printed": line.decode(errors="backslashreplace")}).encode())
