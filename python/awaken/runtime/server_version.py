"""Which server the embedded runtime behaves like."""

from __future__ import annotations

from typing import Final

__all__ = ["SERVER_VERSION"]

#: Clients check the number, and introspection tells which server took an invocation.
SERVER_VERSION: Final = "1.7.12"
