"""Connections to the gRPC server, below the calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from awaken.control.server import start_control_server
from awaken.transports import limits

PATIENCE_S = 10


@pytest.mark.parametrize("part", [b"", b"PRI * HTTP/2.0\r\n"], ids=["nothing", "half a preface"])
async def test_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", 0.2)
    runtime: Any = None  # which is not asked
    server = await start_control_server(runtime)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(part)

    await asyncio.wait_for(reader.read(), PATIENCE_S)

    assert reader.at_eof()
    writer.close()
    await server.close(0)
