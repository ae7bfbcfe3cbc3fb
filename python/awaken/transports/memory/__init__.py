"""Exchanges whose two ends are in one process."""
