"""One SQLite file: what the runtime knows, and nothing it does not know for sure."""

from awaken.runtime.store.store import Store

__all__ = ["Store"]
