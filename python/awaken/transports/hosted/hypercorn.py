"""Hypercorn's submodules, for applications that leave it to the official SDK to import them.

Most of them do `import hypercorn` and later `hypercorn.asyncio.serve(app, config)`. Importing the official SDK imports
that submodule, which takes longer than importing all of awaken. Here, the package `hypercorn` imports it when it is
asked for it, through a `__getattr__` of its module. That is set when the package is there, or as soon as it comes: a
finder, which finds nothing, is asked for each module that is imported, and `hypercorn` imports submodules of its own
while its module exists already. What imports `hypercorn.asyncio` itself notices nothing.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

    import hypercorn.asyncio  # noqa: F401  # mypy then knows it in applications, as under the official SDK

__all__ = ["provide_submodules"]

_PACKAGE: Final = "hypercorn"
_SUBMODULE: Final = "hypercorn.asyncio"
#: What importing that one brings as well.
_NAMES: Final = frozenset({"app_wrappers", "asyncio", "events", "protocol", "statsd", "typing", "utils"})


def provide_submodules() -> None:
    """Let `hypercorn.asyncio` be found after `import hypercorn`, in whichever order the two are imported."""
    package = sys.modules.get(_PACKAGE)
    if package is not None:
        _extend(package)
    elif not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())


class _Watcher:
    """Finds no module, and notices when the package is being imported.

    It stays: a finder that removes itself makes the import that asks it skip the next one.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Extend the package if this is one of its submodules."""
        if fullname.startswith("hypercorn.") and (package := sys.modules.get(_PACKAGE)) is not None:
            _extend(package)


def _extend(package: ModuleType) -> None:
    vars(package).setdefault("__getattr__", _import_submodule)


def _import_submodule(name: str) -> Any:
    if name in _NAMES:
        importlib.import_module(_SUBMODULE)
        if (found := sys.modules.get(f"{_PACKAGE}.{name}")) is not None:
            return found
    package = sys.modules.get(_PACKAGE)
    raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}", name=name, obj=package)
