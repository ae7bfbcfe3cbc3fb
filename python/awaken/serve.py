"""Serve an application from your own program; `awaken serve` does so from the command line."""

from awaken.hosting.event_loop import run_in_loop
from awaken.hosting.serve import run, serve

__all__ = ["run", "run_in_loop", "serve"]
