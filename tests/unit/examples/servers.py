"""Runs the outside parties of examples, which are HTTP servers, in threads of the test."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import HTTPServer

    S = TypeVar("S", bound=HTTPServer)
else:
    S = TypeVar("S")


@contextmanager
def serving(server: S) -> Iterator[S]:
    """Serve until the end of the block."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
