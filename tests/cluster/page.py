"""The settings of a node as docs/production/cluster.md shows them, so that what it shows is what the tests run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).resolve().parents[2] / "docs" / "production" / "cluster.md"


def node_settings(number: int, addresses: Sequence[str]) -> str:
    """Return the page's settings for node `number`, counted from 1, with the addresses (HOST:PORT) of this cluster."""
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert tomllib.loads(shown)["node-name"] == "node-1", "the page shows the first node"
    own = re.sub(
        r"^(node-name|advertised-address) = .*", lambda line: _for(line.group(), number), shown, flags=re.M
    )
    own = re.sub(r"^auto-provision = true", f"auto-provision = {str(number == 1).lower()}", own, flags=re.M)
    return re.sub(r"\bnode-(\d):5122\b", lambda found: addresses[int(found.group(1)) - 1], own)


def _for(line: str, number: int) -> str:
    return line.replace("node-1", f"node-{number}")
