"""Measures the embedded runtime with a million of everything that waits in one file."""
