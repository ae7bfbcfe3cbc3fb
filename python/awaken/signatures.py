"""What a function says about itself, seen through decorators, partials and methods."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["function_of", "resolve_annotation", "signature_of"]


def function_of(target: Callable[..., Any]) -> Any:
    """Return the function that was written, below everything wrapped around it."""
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


def signature_of(target: Callable[..., Any]) -> inspect.Signature:
    """Return the parameters; annotations are left alone, because they may not be resolvable yet."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(target, annotation_format=Format.FORWARDREF)
    return inspect.signature(target)


def resolve_annotation(target: Callable[..., Any], name: str) -> Any:
    """Evaluate the annotation of one parameter, or of `return`; None when there is none.

    Only this one is evaluated: that of the context is often imported for type checkers alone.

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
    return get_type_hints(only, scope, type_parameters, include_extras=True)[name]


def _raw_annotations(function: Any) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(function, format=Format.FORWARDREF)
    return getattr(function, "__annotations__", {})
