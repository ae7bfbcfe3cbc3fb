"""The ports that a page names, and the free ones that stand for them while it runs.

Each number of the page that is a port somewhere is replaced in commands and files, and replaced back in what they
print. A number that only looks like a port makes no difference: it is replaced both ways.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.e2e.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Of the ingress, the admin API, the gRPC control plane, an endpoint, and a server's node.
DEFAULTS: Final = ("8080", "9070", "9071", "9080", "5122")
_WRITTEN: Final = re.compile(
    r"(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]):(\d{4,5})\b|--[a-z-]*port[ =](\d{4,5})\b"
)


class Ports:
    """Ports of a page, and the ones in their place.

    Args:
        texts: commands and files of the page.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        found = {one or other for text in texts for one, other in _WRITTEN.findall(text)}
        self._there = {port: str(free_port()) for port in sorted({*DEFAULTS, *found})}
        self._here = {there: here for here, there in self._there.items()}

    @property
    def environment(self) -> dict[str, str]:
        """Settings that make the replacements the defaults of `awaken`, and those of the tests' stand-ins."""
        names = {
            "AWAKEN_INGRESS": "8080",
            "AWAKEN_ADMIN": "9070",
            "AWAKEN_GRPC": "9071",
            "AWAKEN_BIND": "9080",
        }
        return {name: f"127.0.0.1:{self._there[port]}" for name, port in names.items()} | {
            f"AWAKEN_DOCS_PORT_{port}": self._there[port] for port in DEFAULTS
        }

    def map(self, text: str) -> str:
        """Replace the page's ports in a command or a file."""
        return _replace(text, self._there)

    def unmap(self, text: str) -> str:
        """Replace the ports of this run in an output."""
        return _replace(text, self._here)


def _replace(text: str, ports: dict[str, str]) -> str:
    return re.sub(rf"(?<![\w.])(?:{'|'.join(ports)})(?!\w)", lambda found: ports[found.group()], text)
