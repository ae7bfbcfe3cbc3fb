"""The rows of the store, one module a table: typed reads and writes, no decisions."""
