"""Signatures and annotations of functions, seen through decorators, partials and methods."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Coroutine
from functools import partial
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from awaken.serde.annotations import tied

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["function_of", "is_decorated", "resolve_annotation", "return_type_of", "signature_of"]


def function_of(target: Callable[..., Any]) -> Any:
    """Return the function itself, below everything wrapped around it."""
    while True:
        if isinstance(target, partial):
            target = target.func
        elif (wrapped := getattr(target, "__wrapped__", None)) is not None:
            target = wrapped
        elif inspect.ismethod(target):
            target = target.__func__
        elif inspect.isfunction(target) or inspect.isbuiltin(target) or isinstance(target, type):
            return target
        else:
            return type(target).__call__


def is_decorated(target: Callable[..., Any]) -> bool:
    """Return whether a signature may be that of a function which is called by something else, with other arguments.

    `functools.wraps` shows the signature of the wrapped function, whatever the wrapper passes on.
    """
    while isinstance(target, partial):
        target = target.func
    own_call = () if inspect.isroutine(target) else (type(target).__call__,)
    return any(hasattr(one, name) for one in (target, *own_call) for name in ("__wrapped__", "__signature__"))


def signature_of(target: Callable[..., Any]) -> inspect.Signature:
    """Return the signature. Annotations are not evaluated, because they may refer to names that do not exist yet."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(target, annotation_format=Format.FORWARDREF)
    return inspect.signature(target)


def resolve_annotation(target: Callable[..., Any], name: str) -> Any:
    """Return the evaluated annotation of one parameter, or of `return`; None without one.

    No other annotation is evaluated: the context is often imported for type checkers only.

    Raises:
        NameError: the annotation names something that does not exist yet.
    """
    function = function_of(target)
    annotations = _raw_annotations(function)
    if name not in annotations:
        return None
    only = SimpleNamespace(__annotations__={name: annotations[name]})
    type_parameters = {p.__name__: p for p in getattr(function, "__type_params__", ())}
    scope = getattr(function, "__globals__", {})
    try:
        hint = get_type_hints(only, scope, type_parameters, include_extras=True)[name]
    except AttributeError as error:  # of a module that is still being imported
        raise NameError(str(error)) from error
    return tied(hint, scope)


def return_type_of(target: Callable[..., Any]) -> Any:
    """Return the type of the (awaited) result of a call; None if it is unknown.

    Every run of every replay needs this, often for a new closure, so the text of an annotation is evaluated once per
    module. The type is unknown if the annotation cannot be evaluated: it may be local to a function, or imported for
    type checkers only.
    """
    is_bare = type(target) is FunctionType and not target.__dict__  # the usual case
    function = target if is_bare else function_of(target)
    if isinstance(function, type):
        return function
    annotation = _raw_annotations(function).get("return")
    if isinstance(annotation, str):
        return _evaluate_return(function, annotation)
    return _awaited(annotation)


#: Types by namespace and text. The namespace is kept alive, so that its id is not reused.
_evaluated: dict[tuple[int, str], tuple[dict[str, Any], Any]] = {}


def _evaluate_return(function: Any, text: str) -> Any:
    if getattr(function, "__type_params__", ()):  # they belong to this function only
        return _resolve_return(function)
    scope = getattr(function, "__globals__", {})
    place = id(scope), text
    if place not in _evaluated:
        _evaluated[place] = scope, _resolve_return(function)
    return _evaluated[place][1]


def _resolve_return(function: Any) -> Any:
    try:
        return _awaited(resolve_annotation(function, "return"))
    except Exception:  # an annotation is code, and may raise anything
        return None


def _awaited(annotation: Any) -> Any:
    if isinstance(annotation, type) or get_origin(annotation) not in (Awaitable, Coroutine):
        return annotation
    return get_args(annotation)[-1]


def _raw_annotations(function: Any) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(function, format=Format.FORWARDREF)
    return getattr(function, "__annotations__", {})
