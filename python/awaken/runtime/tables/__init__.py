"""The rows of the store, one module per table: typed reads and writes, no decisions."""
