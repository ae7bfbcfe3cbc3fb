"""Serve an application from a program of your own; `awaken serve` does it from the command line."""

from awaken.hosting.event_loop import run_in_loop
from awaken.hosting.serve import run, serve

__all__ = ["run", "run_in_loop", "serve"]
