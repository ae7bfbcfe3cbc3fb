"""Checks of declarations. A mistake raises where it is made, and the error says what to write instead."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, Final, get_origin

from awaken.context.context import CONTEXTS, Context
from awaken.diagnostics import development
from awaken.handler.signatures import function_of, is_decorated, resolve_annotation, signature_of

__all__ = ["check_context", "check_function"]

#: Types that no context has.
_VALUES: Final = (str, int, float, bool, bytes, dict, list, tuple, set)
#: Parameters of these names are meant for the context, whatever they are annotated with.
_CONTEXT_NAMES: Final = ("ctx", "context")


def check_function(fn: Any, service: str) -> None:
    """Check that a function can be a handler of this service.

    Raises:
        TypeError: it is not a function, or it belongs to a class.
    """
    if inspect.iscoroutine(fn):
        fn.close()
        raise TypeError(f"{service}: {fn.__name__}(...) is a call; a handler is the function itself")
    if inspect.isclass(fn):
        raise TypeError(
            f"{service}: {fn.__name__} is a class; a handler is an async function. Write `.handler()` above each"
        )
    if not callable(fn):
        raise TypeError(f"{service}: {fn!r} is not a function; write `.handler()` above an `async def`")
    function = function_of(fn)
    code = getattr(function, "__code__", None)
    if code is None or inspect.ismethod(fn):
        return
    owner, _, name = function.__qualname__.rpartition(".")
    is_of_class = owner and not owner.endswith("<locals>")
    if is_of_class and not is_decorated(fn) and code.co_argcount and code.co_varnames[0] in ("self", "cls"):
        raise TypeError(
            f"{service}/{name} at {code.co_filename}:{code.co_firstlineno} takes {code.co_varnames[0]}; a handler is a "
            "function of a module, without a class around it"
        )


def check_context(fn: Any, target: str, kind: str, handler_kind: str | None) -> None:
    """Check that the annotation of the context fits the kind of the handler.

    What surely cannot work is refused, and nothing else. A decorator may pass on other arguments than it gets, so what
    it wraps may have any first parameter.

    Args:
        fn: the function of the handler.
        target: service and handler, for the error text.
        kind: kind of the service.
        handler_kind: kind of the handler.

    Raises:
        TypeError: the annotation is the context of another kind, or a type of values, or the second parameter is
            annotated with a context.
    """
    if is_decorated(fn):
        return
    known = {one.__name__: one for one in CONTEXTS.values()}
    function = function_of(fn)
    code = getattr(function, "__code__", None)
    place = f" at {code.co_filename}:{code.co_firstlineno}" if code is not None else ""
    parameters = [
        name
        for name, one in signature_of(fn).parameters.items()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    annotated = [_context_named(fn, name, known) for name in parameters]
    if len(annotated) == 2 and annotated[1] is not None:
        raise TypeError(f"{target}{place} takes the context second; it comes first, then the input")
    given = CONTEXTS[kind, handler_kind]
    if parameters and _is_value(fn, parameters[0], given):
        raise TypeError(
            f"{target}{place} takes {parameters[0]} first; the context comes first, then the input: write "
            f"`ctx: {given.__name__}` before it"
        )
    if not annotated or annotated[0] is None or issubclass(given, annotated[0]):
        return
    if any(issubclass(one, annotated[0]) for (of, _), one in CONTEXTS.items() if of == kind):
        development.warn(  # this works as long as the handler only reads
            f"the handler is shared and gets {given.__name__}, not {annotated[0].__name__}: it may not write state",
            place=target + place,
        )
        return
    raise TypeError(
        f"{target}{place} takes {annotated[0].__name__}, and gets {given.__name__}, as handlers of this kind do; write "
        f"`{parameters[0]}: {given.__name__}`{_elsewhere(annotated[0].__name__, kind)}"
    )


def _context_named(fn: Any, name: str, known: dict[str, type[Context]]) -> type[Context] | None:
    """Return the context class that a parameter is annotated with, if any."""
    try:
        annotation = resolve_annotation(fn, name)
    except Exception:  # imported for type checkers only, so only its name is known
        annotation = getattr(function_of(fn), "__annotations__", {}).get(name)
    if isinstance(annotation, str):
        return known.get(annotation.rpartition(".")[2])
    return next((one for one in known.values() if one is annotation), None)


def _is_value(fn: Any, name: str, given: type[Context]) -> bool:
    """Return whether a parameter is annotated with a type of values, such as `str` or a dataclass."""
    if name in _CONTEXT_NAMES or name.startswith("_"):  # the latter is not used
        return False
    try:
        annotation = resolve_annotation(fn, name)
    except Exception:  # imported for type checkers only
        return False
    kind = get_origin(annotation) or annotation
    if not inspect.isclass(kind):
        return False
    return kind in _VALUES or (dataclasses.is_dataclass(kind) and not _may_be_context(kind, given))


def _may_be_context(kind: type, given: type[Context]) -> bool:
    # A protocol of data members raises TypeError for issubclass(), and describes an object of any class.
    return getattr(kind, "_is_protocol", False) or issubclass(kind, Context) or issubclass(given, kind)


def _elsewhere(name: str, kind: str) -> str:
    """Return advice about the declaration that provides the annotated context."""
    if name.startswith("Object") and kind == "service":
        return ", or declare a VirtualObject, which has keys and state"
    if name.startswith("Workflow"):
        return ", or declare a Workflow, which has promises"
    return ""
