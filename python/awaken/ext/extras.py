"""What to install, for who imports a module of `awaken.ext` without its framework.

Each of these packages imports its framework, or its own modules that do, inside of one `with` block at its top:

    with extra("openai", "agents"):
        from awaken.ext.openai.runner_wrapper import DurableRunner

A framework that is missing, or too old to have a name, is an `ImportError` that says which extra brings the right one.
Every other error passes as it is, for example that of a package which the framework itself does not find.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["extra"]


@contextmanager
def extra(name: str, *packages: str) -> Iterator[None]:
    """Name the extra when the imports of this block do not find its packages.

    Args:
        name: the extra, as in `pip install 'awaken[name]'`.
        packages: the packages that it brings, as they are imported; `google.adk` in a package that others share.

    Raises:
        ImportError: one of these packages is missing, or lacks what is imported from it.
    """
    try:
        yield
    except ImportError as error:
        missing = error.name or ""
        origin = next((each for each in packages if f"{missing}.".startswith(f"{each}.")), None)
        if origin is None:  # or it is what the package shares with others
            origin = next((each for each in packages if each.startswith(f"{missing}.")), None)
        if origin is None:
            raise
        if isinstance(error, ModuleNotFoundError) and origin.startswith(missing):
            problem = f"the package `{origin}` is not installed"
        else:
            problem = f"the installed package `{origin}` is too old or too new ({error})"
        raise ImportError(
            f"{problem}: pip install 'awaken[{name}]' installs one that works",
            name=error.name,
            path=error.path,
        ) from error
