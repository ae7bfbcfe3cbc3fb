"""`awaken gateway` in front of several nodes."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.cluster.nodes import Node


@contextmanager
def gateway(nodes: Sequence[Node], directory: Path) -> Iterator[str]:
    """Run a gateway that knows these nodes, and no other; yield its address."""
    ingresses = ",".join(node.ingress_url for node in nodes)
    admins = ",".join(node.admin_url for node in nodes)
    process = Process(
        [
            *(sys.executable, "-m", "awaken.cli", "gateway", "--grpc", "127.0.0.1:0"),
            *("--ingress", ingresses, "--admin", admins),
        ],
        log=directory / "gateway.log",
        cwd=ROOT,
        env={"PYTHONUNBUFFERED": "1"},
    )
    process.start()
    try:
        (address,) = eventually(
            lambda: re.findall(r"gRPC on ([\d.:]+)", process.log), what="the gateway's readiness"
        )
        yield address
        assert process.stop() == 0
        assert "Traceback" not in process.log, process.log
    finally:
        process.kill()
