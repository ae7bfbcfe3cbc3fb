"""The embedded runtime: the other side of the protocol in one process, on one SQLite file."""
