"""The official SDK's name for `awaken.handler.retry_policy`."""

from awaken.handler.retry_policy import InvocationRetryPolicy

__all__ = ["InvocationRetryPolicy"]
