"""The official SDK's name for `awaken.context.replay_logging`."""

from awaken.context.replay_logging import RestateLoggingFilter, getLogger

__all__ = ["RestateLoggingFilter", "getLogger"]
