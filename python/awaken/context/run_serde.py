"""How the result of a run is read: as its options say, or as the function of its action is annotated."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.context.run_options import NO_OPTIONS
from awaken.handler.signatures import return_type_of
from awaken.serde import DefaultSerde, Serde

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.context.run_options import RunOptions

__all__ = ["run_serde"]

#: Whether annotations are found by executing code, which may find something else each time.
_ARE_ANNOTATIONS_CODE: Final = sys.version_info >= (3, 14)


class _Found(NamedTuple):
    """The serde that was found for the results of a function, and what it depends on."""

    #: Kept alive, so that its id, the key, is not reused.
    code: CodeType
    annotation: Any
    namespace: dict[str, Any]
    serde: Serde[Any]


#: By the id of a function's code, which all closures of one `def` share.
_found: dict[int, _Found] = {}

#: Programs have fewer actions, unless they make code as they go.
_MAX_FOUND: Final = 1024


def run_serde(action: Callable[..., Any], options: RunOptions[Any]) -> Serde[Any]:
    """Return the serde for the result of a run: that of the options, for the hinted or annotated type."""
    serde = options.serde
    if not isinstance(serde, DefaultSerde):
        return serde
    if options is not NO_OPTIONS:
        if options.type_hint is not None:
            return serde.with_maybe_type(options.type_hint)
        if type(serde) is not DefaultSerde or serde.type_hint is not None:
            return _annotated(serde, action)
    if type(action) is not FunctionType or action.__dict__ or _ARE_ANNOTATIONS_CODE:
        return _annotated(serde, action)
    # Every run of every replay comes here, and finding a type takes as long as reading its value.
    code, annotation = action.__code__, action.__annotations__.get("return")
    found = _found.get(id(code))
    if found is not None:
        _, known, namespace, typed = found
        if known is annotation and namespace is action.__globals__:
            return typed
    annotated = _annotated(serde, action)
    if not getattr(action, "__type_params__", ()):  # they belong to this function only
        if len(_found) >= _MAX_FOUND:
            _found.clear()
        _found[id(code)] = _Found(code, annotation, action.__globals__, annotated)
    return annotated


def _annotated(serde: DefaultSerde[Any], action: Callable[..., Any]) -> Serde[Any]:
    hint = return_type_of(action)
    return serde if hint is None else serde.with_maybe_type(hint)
