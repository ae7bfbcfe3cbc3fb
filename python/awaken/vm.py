"""The module from which some applications import `SuspendedException`; the protocol machine itself is compiled."""

from awaken.errors import SuspendedException

__all__ = ["SuspendedException"]
