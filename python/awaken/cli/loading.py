"""Loads the application that `MODULE:APP` names."""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from awaken.cli.failures import BrokenApplicationError, CommandError, UsageError
from awaken.cli.output import print_progress
from awaken.cli.sources import CODE, tree
from awaken.diagnostics import tracebacks
from awaken.endpoint.applications import WHAT_TO_GIVE, application_of, is_application
from awaken.endpoint.official import WHAT_TO_IMPORT, is_official
from awaken.endpoint.services import describe, is_web_application
from awaken.handler.lookup import handler_from_callable
from awaken.service.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from awaken.endpoint.applications import Application

__all__ = ["load_application", "load_module", "load_object"]

#: Seconds after which an unfinished import is reported.
_PATIENCE_S: Final = 5.0
#: How often that much time passes before an import that is busy with a package is reported.
_PATIENCE_WITH_PACKAGES: Final = 12


def load_application(target: str, identity_keys: Sequence[str] = ()) -> Application:
    """Load an application: what `awaken.app(...)` returned, a service, or a list of services.

    Args:
        target: `MODULE:NAME`.
        identity_keys: public keys of runtimes that may invoke it, besides those the application itself names.

    Raises:
        CommandError: the target does not have this form.
        BrokenApplicationError: the target does not exist, or is not an application.
    """
    found = load_object(target)
    try:
        application = application_of(found)
    except TypeError as error:
        raise BrokenApplicationError(f"{target} is {describe(found)}. {_suggest(target, found)}") from error
    except ValueError as error:
        raise BrokenApplicationError(f"{target} cannot be served: {error}") from error
    for service in getattr(application, "services", {}).values():
        if not service.handlers:
            print_progress(
                f"awaken: warning: {service.name} has no handlers, so nobody can call it; declare one with its "
                "`handler()`, in a module that is imported"
            )
    if identity_keys:
        _add_keys(application, identity_keys, target)
    return application


def _suggest(target: str, found: Any) -> str:
    """Return what to write instead."""
    module_name, _, path = target.partition(":")
    if is_official(found):
        return WHAT_TO_IMPORT[0].upper() + WHAT_TO_IMPORT[1:]
    if inspect.isroutine(found):
        with suppress(ValueError):
            service = handler_from_callable(found).service_tag.name
            return (
                f"It is a handler of {service!r}; write `app = awaken.app([...])` with the service, and "
                f"{module_name}:app"
            )
        return f"Call it in the module, `app = {path}()`, and write {module_name}:app"
    if is_web_application(found):
        return (
            f"Write durable = awaken.app([...]) and {module_name}:durable; a web server serves both when you "
            f"mount it: {path}.mount('/restate', durable)"
        )
    module = found if isinstance(found, ModuleType) else sys.modules.get(module_name)
    place = f"{module_name}:{path}." if isinstance(found, ModuleType) else f"{module_name}:"
    candidates = [name for name, value in vars(module).items() if _is_servable(value)] if module else []
    if candidates:
        return f"Write {_any_of([f'{place}{name}' for name in candidates])}"
    return f"Name {WHAT_TO_GIVE}"


def _any_of(names: list[str]) -> str:
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _is_servable(value: Any) -> bool:
    if inspect.isclass(value) or isinstance(value, ModuleType):
        return False
    return isinstance(value, Definition) or is_application(value)


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
        CommandError: the text does not have this form.
        BrokenApplicationError: the module or the name does not exist, or importing it fails.
    """
    module_name, path = _split(target)
    found = module = load_module(module_name)
    _require_own_file(module, module_name)
    for name in path.split("."):
        if not hasattr(found, name):
            raise BrokenApplicationError(_explain_missing(module, module_name, path))
        found = getattr(found, name)
    return found


def _split(target: str) -> tuple[str, str]:
    module_name, separator, path = target.rpartition(":")
    if not separator:
        module_name, path = target, ""
    dotted = ".".join(
        part for part in module_name.replace("\\", "/").split("/") if part not in ("", ".", "..")
    )
    is_file = dotted.endswith(".py") or dotted != module_name
    dotted = dotted.removesuffix(".py").removesuffix(".__init__")
    path = path.removesuffix("()")
    parts = (*dotted.split("."), *(path or "app").split("."))
    if not dotted or not all(part.isidentifier() for part in parts):
        raise UsageError(f"{target!r} names no application; write MODULE:NAME, such as greeter:app")
    if not path:
        raise UsageError(f"{target!r} names no application; write MODULE:NAME, such as {dotted}:app")
    if is_file:
        raise UsageError(f"{module_name!r} is a file; name the module instead: {dotted}:{path}")
    if target.endswith("()"):
        raise UsageError(
            f"{target!r} is a call; call it in the module, `app = {path}()`, and write {dotted}:app"
        )
    return module_name, path


def _require_own_file(module: ModuleType, name: str) -> None:
    """Refuse a module that hides a file of the current folder, because Python has imported its name already."""
    path = Path.cwd().joinpath(*name.split("."))
    own = [file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()]
    imported = getattr(module, "__file__", None)
    if not own or (
        imported is not None and Path(imported).resolve().parent in [file.resolve().parent for file in own]
    ):
        return
    owner = "Python's own" if name.partition(".")[0] in sys.stdlib_module_names else "the installed module"
    raise BrokenApplicationError(
        f"{owner} {name}{f' ({imported})' if imported else ''} hides your {own[-1].relative_to(Path.cwd())}; rename "
        "your file"
    )


def _explain_missing(module: ModuleType, module_name: str, path: str) -> str:
    servable = [name for name, value in vars(module).items() if _is_servable(value)]
    if servable:
        return (
            f"{module_name} has no {path!r}. Write {_any_of([f'{module_name}:{name}' for name in servable])}"
        )
    public = sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    )
    return (
        f"{module_name} has no {path!r}; it has {', '.join(public) or 'nothing'}. Write "
        f"`{path.partition('.')[0]} = awaken.app([...])` in it, with its services"
    )


def load_module(name: str) -> ModuleType:
    """Import a module, with the working directory first on the path.

    Raises:
        BrokenApplicationError: it does not exist, or importing it fails.
    """
    import logging.config  # noqa: F401  # applications use it without importing it, as other servers have done that

    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with _reporting_long_import(name):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that this one imports may be the missing one: the author has to see where.
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise BrokenApplicationError(_explain_import(name, error)) from error
        file = "/" + name.replace(".", "/") + ".py"
        there = next((path for path in tree(CODE) if path.as_posix().endswith(file)), None)
        folder = "the folder the module is imported from" if there is None else str(there)[: -len(file)]
        raise BrokenApplicationError(
            f"there is no module {name!r} in {here} or among the installed packages; run the command in {folder}"
        ) from error
    except SystemExit as error:
        raise BrokenApplicationError(
            f"{name} asks the process to exit with {error.code!r} while it is imported{_place(error)}; put what "
            'only a script does under `if __name__ == "__main__":`'
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise BrokenApplicationError(_explain_import(name, error)) from error


def _explain_import(name: str, error: BaseException) -> str:
    """Say what went wrong in the author's code, and where, without our own frames."""
    return f"{name} cannot be imported:\n{tracebacks.format_error(error)}".rstrip()


def _place(error: BaseException) -> str:
    trace = tracebacks.authored(error.__traceback__)
    return "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


@contextmanager
def _reporting_long_import(name: str) -> Iterator[None]:
    """Report which line an import has reached if it does not end: it may run a server.

    Packages get more time: some take long to import.
    """
    thread = threading.get_ident()
    done = threading.Event()

    def watch() -> None:
        for waited in range(1, _PATIENCE_WITH_PACKAGES + 1):
            if done.wait(_PATIENCE_S):
                return
            frames = _frames_of_import(thread)
            if waited < _PATIENCE_WITH_PACKAGES and _is_importing_a_package(frames):
                continue
            authored = [frame for frame in frames if tracebacks.is_authored(frame.f_code.co_filename)]
            # The outermost line is the one to move.
            place = f" at {authored[-1].f_code.co_filename}:{authored[-1].f_lineno}" if authored else ""
            print_progress(
                f"awaken: {name} is still being imported{place}; if it runs a server there, put that under "
                '`if __name__ == "__main__":`'
            )
            return

    threading.Thread(target=watch, name="awaken-import-watch", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _frames_of_import(thread: int) -> list[FrameType]:
    """Return what the import executes at the moment, innermost first."""
    frames = []
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not load_module.__code__:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _is_importing_a_package(frames: Sequence[FrameType]) -> bool:
    """Return whether the innermost line of the author is an import of what is installed elsewhere."""
    here = str(Path.cwd())
    called = ""
    for frame in frames:
        file = frame.f_code.co_filename
        if file.startswith(here) and "site-packages" not in file and tracebacks.is_authored(file):
            return called.startswith("<frozen importlib")
        called = file
    return False
