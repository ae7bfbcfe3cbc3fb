"""Where some applications look for `SuspendedException`; the protocol machine itself is compiled."""

from awaken.errors import SuspendedException

__all__ = ["SuspendedException"]
