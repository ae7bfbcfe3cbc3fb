"""The official SDK's module that defines `awaken.extensions.contextvar`."""

from awaken.context.extensions import contextvar

__all__ = ["contextvar"]
