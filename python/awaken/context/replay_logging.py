"""Logging that is silent during replay, so that a handler does not log the same messages again.

`getLogger(name)` returns a logger with a `RestateLoggingFilter`. You can also add the filter to another logger. Added
to a logging handler, it works for all loggers of the process, including those of libraries:

    handler = logging.StreamHandler()
    handler.addFilter(RestateLoggingFilter())
    handler.setFormatter(logging.Formatter("%(invocation_id)s attempt %(invocation_attempt)d: %(message)s"))
    logging.basicConfig(handlers=[handler])

`awaken serve` does this. Every record that passes has these attributes, for use in formats:

| attribute | in a handler | elsewhere |
| --- | --- | --- |
| `invocation_id` | the invocation id | `-` |
| `invocation_target` | service and handler, such as `Greeter/greet` | `-` |
| `invocation_attempt` | 1 plus the number of failed attempts since the last progress | 0 |
"""

from __future__ import annotations

import logging

from awaken.context.extensions import current_context

__all__ = ["RestateLoggingFilter", "getLogger"]

_OWN = "awaken"


class RestateLoggingFilter(logging.Filter):
    """Drops the records of handlers that replay, and adds the invocation to all others.

    Records of awaken itself are never dropped: they report problems of a replay.

    Args:
        name: pass only records of this logger and its children, like `logging.Filter`; all records when empty.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attributes, and return whether the record passes."""
        if not super().filter(record):
            return False
        context = current_context()
        if context is None:
            record.invocation_id = record.invocation_target = "-"
            record.invocation_attempt = 0
            return True
        record.invocation_id = context._input.invocation_id
        record.invocation_target = context._driver.target
        record.invocation_attempt = context._input.retry_count + 1
        is_own = record.name == _OWN or record.name.startswith("awaken.")
        return is_own or not context._driver.machine.is_replaying()


def getLogger(name: str | None = None) -> logging.Logger:  # noqa: N802  # as in `logging`
    """Return the logger with this name, with a `RestateLoggingFilter` added to it.

    The filter of a logger does not see records of its child loggers. Add the filter to a logging handler for that.
    """
    logger = logging.getLogger(name)
    if not any(isinstance(existing, RestateLoggingFilter) for existing in logger.filters):
        logger.addFilter(RestateLoggingFilter())
    return logger
