"""The built site, for the tests that look at it in a browser."""

from __future__ import annotations

import fcntl
import functools
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from scripts.docs.__main__ import build
from scripts.docs.places import SITE, STAGED

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site, serve it, and return its address."""
    copy = tmp_path_factory.mktemp("built") / "site"
    STAGED.mkdir(parents=True, exist_ok=True)
    # Processes of pytest-xdist build one after another, and each serves a copy, which the next build does not remove.
    with (STAGED.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert build() == 0
        shutil.copytree(SITE, copy)
    handler = functools.partial(_Silent, directory=str(copy))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
