"""Hypercorn inside `asyncio.run`, as in the official documentation: `asyncio_host MODULE:NAME PORT`."""

from __future__ import annotations

import asyncio
import importlib
import sys

import hypercorn.asyncio
import hypercorn.config

if __name__ == "__main__":
    module, name = sys.argv[1].split(":")
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{sys.argv[2]}"]
    config.graceful_timeout = 1
    asyncio.run(hypercorn.asyncio.serve(getattr(importlib.import_module(module), name), config))
