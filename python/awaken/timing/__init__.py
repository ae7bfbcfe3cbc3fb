"""Durations and their limits, and the clock that handlers read."""
