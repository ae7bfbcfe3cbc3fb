"""The official SDK's name for `awaken.context.extensions`."""

from awaken.context.extensions import contextvar, current_context

__all__ = ["contextvar", "current_context"]
