"""Durations, the last moment that can be named, and the clock that handlers read."""
