"""`awaken gateway` as a process of its own, in front of a lane's runtime."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Self

from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.lanes import Lane


class Gateway:
    """A gRPC server on a free port; `address` is HOST:PORT, empty with `--grpc off`."""

    def __init__(self, lane: Lane, directory: Path, *options: str, **environment: str) -> None:
        urls = ("--ingress", lane.runtime.ingress_url, "--admin", lane.runtime.admin_url)
        self._process = Process(
            [sys.executable, "-m", "awaken.cli", "gateway", *urls, "--grpc", "127.0.0.1:0", *options],
            log=directory / "gateway.log",
            cwd=ROOT,
            env={"PYTHONUNBUFFERED": "1", **environment},
        )
        self.address = ""
        #: URL of the inbox, if the test asked for one.
        self.inbox = ""
        #: URL of the links, if the test asked for them.
        self.links = ""

    def __enter__(self) -> Self:
        self._process.start()
        (self.address,) = eventually(self._find_addresses, what="the gateway's readiness")
        page = re.search(r"inbox on (\S+)", self._process.log)
        self.inbox = page.group(1) if page else ""
        links = re.search(r"links on (\S+)", self._process.log)
        self.links = links.group(1) if links else ""
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()

    def stop(self) -> int:
        """Send SIGTERM, wait for the end and return the exit code."""
        return self._process.stop()

    def _find_addresses(self) -> list[str]:
        if not self._process.is_alive():
            raise RuntimeError(f"the gateway ended while starting:\n{self._process.log[-4000:]}")
        return re.findall(r"awaken: (?:gRPC on (\S+), )?in front of", self._process.log)
