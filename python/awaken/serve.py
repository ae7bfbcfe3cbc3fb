"""Serve an application from a program of your own; `awaken serve` does it from the command line."""

from awaken.hosting.serve import run, run_in_loop, serve

__all__ = ["run", "run_in_loop", "serve"]
