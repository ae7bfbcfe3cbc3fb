"""One SQLite file, with everything that the runtime knows for sure."""

from awaken.runtime.store.store import Store

__all__ = ["Store"]
