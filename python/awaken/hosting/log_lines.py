"""Log records of a process that serves: lines for people, or documents for programs.

Both say which invocation a record belongs to, and leave out what a handler that replays has logged before.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from awaken.context.replay_logging import RestateLoggingFilter
from awaken.diagnostics.printable import escape_text
from awaken.hosting.display import write_document
from awaken.hosting.documents import document_line

__all__ = ["configure_logging"]

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s [%(invocation_id)s]: %(message)s"
#: Lines after the first one of a record, such as a traceback, or what a caller put into a key.
_INDENT: Final = "  "
#: Libraries whose lines about each request or frame tell nothing about an application.
_CHATTY: Final = ("grpc", "h2", "hpack", "httpcore", "httpx")


def configure_logging(level: str, *, as_documents: bool) -> None:
    """Log to standard error; or as JSON documents to standard output, if that consists of them.

    An application that calls `logging.basicConfig` with `force=True` when it is imported replaces this.

    Args:
        level: name of the least severe level to log, in any case.
        as_documents: log JSON documents.
    """
    handler = _DocumentHandler() if as_documents else logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LineFormatter(_FORMAT))
    handler.addFilter(RestateLoggingFilter())  # a handler that replays is silent
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


class _LineFormatter(logging.Formatter):
    """Keeps what callers have sent from acting on a terminal, and from looking like lines of this process."""

    def format(self, record: logging.LogRecord) -> str:
        return escape_text(super().format(record), indent=_INDENT)


class _DocumentHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            write_document(document_line(self._facts(record), round(record.created * 1000)))
        except Exception:
            self.handleError(record)  # a message whose arguments do not fit, as in other handlers

    def _facts(self, record: logging.LogRecord) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (invocation_id := getattr(record, "invocation_id", "-")) != "-":
            facts["invocation"] = invocation_id
            facts["target"] = getattr(record, "invocation_target", "")
            facts["attempt"] = getattr(record, "invocation_attempt", 0)
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            facts["traceback"] = record.exc_text
        if record.stack_info:
            facts["stack"] = record.stack_info
        return facts
