"""The other side of the protocol, embedded: one process, one SQLite file."""
