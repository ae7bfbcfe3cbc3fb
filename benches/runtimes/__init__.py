"""Compares the embedded runtime with the real server, with the same endpoint code, in one interleaved run."""
