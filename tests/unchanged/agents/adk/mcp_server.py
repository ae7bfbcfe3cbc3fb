"""A server of tools, as a process that talks over its standard streams."""

from __future__ import annotations

import sys
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("numbers")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    with Path(sys.argv[1]).open("a") as file:
        file.write(f"{a} + {b}\n")
    return a + b


server.run()
