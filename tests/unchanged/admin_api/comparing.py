"""Documents of both runtimes, without what differs from run to run, and where the first difference between them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["assert_same", "differences"]


def assert_same(server: Any, embedded: Any, *, ignored: Collection[str] = ()) -> None:
    """Fail with all places where two documents differ."""
    found = list(differences(server, embedded, ignored=ignored))
    assert not found, "\n".join(found)


def differences(
    server: Any, embedded: Any, *, ignored: Collection[str] = (), path: str = ""
) -> Iterator[str]:
    """Yield each place where two documents differ.

    Args:
        server: the one document.
        embedded: the other one.
        ignored: names of members that may differ wherever they are, and may be absent.
        path: where the documents are in a larger one.
    """
    server, embedded = _by_name(server), _by_name(embedded)
    if isinstance(server, dict) and isinstance(embedded, dict):
        for name in sorted(server.keys() | embedded.keys()):
            if name in ignored:
                continue
            if name not in embedded:
                yield f"{path}/{name}: only on the server: {server[name]!r}"
            elif name not in server:
                yield f"{path}/{name}: only on the embedded runtime: {embedded[name]!r}"
            else:
                yield from differences(server[name], embedded[name], ignored=ignored, path=f"{path}/{name}")
    elif server != embedded or type(server) is not type(embedded):
        yield f"{path}: {server!r} on the server, {embedded!r} on the embedded runtime"


def _by_name(value: Any) -> Any:
    """Return named things by their names: the server lists them in another order each time."""
    if isinstance(value, list) and value and all(isinstance(each, dict) and "name" in each for each in value):
        return {each["name"]: each for each in value}
    return value
