"""The embedded runtime beside the real server: the same endpoint code, in one interleaved run."""
