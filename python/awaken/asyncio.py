"""The official SDK's name for `awaken.context.combining`."""

from awaken.context.combining import as_completed, gather, select, wait_completed

__all__ = ["as_completed", "gather", "select", "wait_completed"]
