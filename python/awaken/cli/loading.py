"""`MODULE:APP` to something that accepts exchanges."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awaken import tracebacks
from awaken.cli.failures import CommandError
from awaken.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.exchange import Accept

__all__ = ["load_accept", "load_object"]


def load_accept(target: str, identity_keys: Sequence[str] = ()) -> Accept:
    """Load an application: what `awaken.app(...)` returned, a service, or a list of services.

    Args:
        target: `MODULE:NAME`.
        identity_keys: public keys of runtimes that may invoke it, besides those it names itself.

    Raises:
        CommandError: there is no such thing, or it is something else.
    """
    found = load_object(target)
    accept: Accept | None = getattr(found, "accept", None)
    if accept is not None and callable(accept):
        if identity_keys:
            _add_keys(found, identity_keys, target)
        return accept
    services = [found] if isinstance(found, Definition) else found
    if not isinstance(services, (list, tuple)) or not all(isinstance(s, Definition) for s in services):
        raise CommandError(
            f"{target} is a {type(found).__name__}, which cannot be served; name what `awaken.app(...)` "
            "returned, a service, or a list of services"
        )
    if not services:
        raise CommandError(f"{target} is an empty list; put the services to serve into it")
    from awaken.endpoint.endpoint import Endpoint

    try:
        return Endpoint(services, identity_keys=list(identity_keys)).accept
    except ValueError as error:
        raise CommandError(f"{target} cannot be served: {error}") from error


def _add_keys(application: Any, keys: Sequence[str], target: str) -> None:
    if not hasattr(application, "identity_key"):
        raise CommandError(f"{target} cannot check identities; name what `awaken.app(...)` returned")
    try:
        for key in keys:
            application.identity_key(key)
    except ValueError as error:
        raise CommandError(str(error)) from error


def load_object(target: str) -> Any:
    """Import `MODULE:NAME`, with the working directory first on the path.

    Raises:
        CommandError: the text has another form, there is no such module or name, or importing it fails.
    """
    module_name, separator, path = target.partition(":")
    if not separator or not module_name or not path:
        example = module_name.removesuffix(".py").strip("./").replace("/", ".") or "greeter"
        raise CommandError(f"{target!r} names no application; write MODULE:NAME, such as {example}:app")
    if module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").strip("./").replace("/", ".")
        raise CommandError(f"{module_name!r} is a file; name the module instead: {dotted}:{path}")
    found = _import(module_name)
    for name in path.split("."):
        if not hasattr(found, name):
            public = sorted(known for known in vars(found) if not known.startswith("_"))
            raise CommandError(
                f"{module_name} has no {path!r}; it has {', '.join(public) or 'nothing'}. Write MODULE:NAME "
                "with the name of the application in it"
            )
        found = getattr(found, name)
    return found


def _import(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # Another module that this one imports may be missing; that is the author's to see.
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise CommandError(_explain_import(name, error)) from error
        raise CommandError(
            f"there is no module {name!r} in {here} or among the installed packages; run the command in the "
            "folder the module is imported from"
        ) from error
    except Exception as error:
        raise CommandError(_explain_import(name, error)) from error


def _explain_import(name: str, error: Exception) -> str:
    """Tell what went wrong in an author's code, and where, without the frames that led there."""
    return f"{name} cannot be imported:\n{tracebacks.format_error(error)}".rstrip()
