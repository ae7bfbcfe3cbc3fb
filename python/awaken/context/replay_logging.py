"""Logging that knows about replay: a handler that runs again from its journal does not log again what it logged.

`getLogger(name)` gives a logger with a `RestateLoggingFilter`. The filter itself goes on any logger, or on a logging
handler, where it works for every logger of the process, also those of libraries:

    handler = logging.StreamHandler()
    handler.addFilter(RestateLoggingFilter())
    handler.setFormatter(logging.Formatter("%(invocation_id)s attempt %(invocation_attempt)d: %(message)s"))
    logging.basicConfig(handlers=[handler])

`awaken serve` does this. Every record that passes has these attributes, for formats:

| attribute | in a handler | elsewhere |
| --- | --- | --- |
| `invocation_id` | the textual invocation id | `-` |
| `invocation_target` | service and handler, such as `Greeter/greet` | `-` |
| `invocation_attempt` | 1, and one more for every failed attempt since there was progress | 0 |
"""

from __future__ import annotations

import logging

from awaken.context.extensions import current_context

__all__ = ["RestateLoggingFilter", "getLogger"]

_OWN = "awaken"


class RestateLoggingFilter(logging.Filter):
    """Drops what handlers log while they replay, and tells each other record which invocation it belongs to.

    Records of awaken itself are never dropped: they tell what is wrong with a replay.

    Args:
        name: pass only records of this logger and those below it, as every `logging.Filter` does; all when empty.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record passes, and add the attributes."""
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
    """Return the logger of this name with a `RestateLoggingFilter`, which is added once.

    A filter of a logger does not see what loggers below it log; put the filter on a logging handler for that.
    """
    logger = logging.getLogger(name)
    if not any(isinstance(existing, RestateLoggingFilter) for existing in logger.filters):
        logger.addFilter(RestateLoggingFilter())
    return logger
