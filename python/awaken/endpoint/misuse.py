"""Wrong use of this package, recognized in what a handler raised.

`awaken.handler.arguments` checks arguments and raises a `UsageError` by itself. Python meets some misuse first: a call
that does not fit a signature, a durable result used like the value it stands for. A `UsageError` ends the invocation
for good, even if a fixed deployment could have saved it, so an error counts as misuse only if it is very unlikely to
come from the author's own code.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from awaken._core import parse_awakeable_id
from awaken.context.awakeable import Awakeable, AwakeableFuture
from awaken.context.callback import Callback
from awaken.context.context import CONTEXTS
from awaken.context.futures import (
    OptionalFuture,
    RestateDurableCallFuture,
    RestateDurableFuture,
    RestateDurableSleepFuture,
    SendHandle,
)
from awaken.context.promise import DurablePromise
from awaken.context.runs import RunFuture
from awaken.context.scope import ScopedContext
from awaken.diagnostics import tracebacks
from awaken.endpoint import expressions
from awaken.errors import InvalidIdError, UsageError

if TYPE_CHECKING:
    from awaken.endpoint.expressions import Failing

__all__ = ["misuse_in"]

#: Where in this package a wrong argument may surface late.
_API: Final = f"{tracebacks.PACKAGE}context{os.sep}"
#: The files there that run the author's own code.
_AUTHORED: Final = (f"{_API}run_action.py", f"{_API}extensions.py")

#: What a handler awaits that is not a future itself.
_AWAITED: Final = (Awakeable, Callback, DurablePromise, SendHandle)

#: Functions of asyncio that check their arguments themselves in some versions of Python, as code objects.
_COMBINATORS: Final = (asyncio.as_completed.__code__, asyncio.wait.__code__)

_ID_OF_SEND: Final = "`await handle.invocation_id()` gives the id of what it started"

#: What methods do that return nothing to await, by their return annotation.
_AT_ONCE: Final = {
    "None": "takes effect at once",
    "SendHandle": f"takes effect at once ({_ID_OF_SEND})",
}

#: Finds results in messages of Python, by names that authors are unlikely to give to classes of their own.
_RESULT: Final = re.compile(
    r"\b({})\b".format(
        "|".join(
            cls.__name__
            for cls in (
                *(RestateDurableFuture, RestateDurableCallFuture, RestateDurableSleepFuture),
                *(OptionalFuture, RunFuture, DurablePromise),
            )
        )
    )
)

#: How Python words a call that does not fit a signature.
_BAD_CALL: Final = re.compile(
    r"(?P<owner>\w+)\.(?P<method>[a-z]\w*)\(\) (missing |takes |got (an unexpected|multiple|some positional))"
)

#: The classes that handlers work with, by the names that Python uses in messages about calls.
_USED: Final = {
    cls.__name__: cls for cls in (*CONTEXTS.values(), ScopedContext, RestateDurableCallFuture, *_AWAITED)
}


def misuse_in(error: BaseException) -> UsageError | None:
    """Return the usage error behind an ordinary error that comes from wrong use of this package.

    Args:
        error: what was raised.

    Returns:
        The usage error, or None if the error comes from the author's own code.
    """
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, AttributeError):
        method: Any = getattr(error.obj, "__func__", error.obj)
        if _is_method(method):
            return UsageError(f"{text}; {method.__name__} is a method: call it, as in {method.__name__}()")
        return _unawaited(text) if isinstance(error.obj, _AWAITED) else None
    if not isinstance(error, (TypeError, ValueError, OverflowError)):
        return None
    file = tracebacks.innermost_file(error)
    if file.startswith(_API) and file not in _AUTHORED:
        return UsageError(text)
    if not isinstance(error, TypeError):
        return None
    advice = _advice(error)
    if advice is not None:
        return UsageError(f"{text}; {advice}")
    if _RESULT.search(str(error)):
        return _unawaited(text)
    call = _BAD_CALL.match(str(error))
    if call is not None and f"{call['owner']}.{call['method']}" == RestateDurableFuture.result.__qualname__:
        return UsageError(f"{text}; {_advice_on_limit(None)}")
    if call is not None and hasattr(_USED.get(call["owner"]), call["method"]):
        return UsageError(f"{text}; see help(awaken.{call['owner']}.{call['method']})")
    return None


def _advice(error: TypeError) -> str | None:
    """Return what to write instead of the expression that raised an error, if it uses this package wrongly."""
    found = expressions.failing(error)
    if found is None:
        return None
    if found.frame.f_code in _COMBINATORS:
        return _advice_on_combination(found.frame.f_locals["fs"], found.frame.f_code.co_name)
    if not tracebacks.is_authored(found.frame.f_code.co_filename):
        return _advice_on_arguments(error)
    match found.node:
        case ast.Await(value) if found.is_refused_await:
            return _advice_on_await(value, found)
        case ast.Raise(exc=ast.expr() as raised):
            return _advice_on_raise(raised, found)
        case ast.Call() as call:
            return _advice_on_call(call, found)
    return None


def _advice_on_await(value: ast.expr, found: Failing) -> str | None:
    if not isinstance(value, ast.Call):
        given, name = expressions.resolve(value, found.frame), ast.unparse(value)
        if isinstance(given, SendHandle):
            return f"{name} is a send, which needs no `await`; {_ID_OF_SEND}"
        if isinstance(given, str) and _is_awakeable_id(given):
            return f"{name} is the id of an awakeable; the id comes first: `id, future = ctx.awakeable()`"
        if _is_method(given):
            return f"{name} is a method: call it, as in {name}(...)"
        return None
    function, name = expressions.resolve(value.func, found.frame), ast.unparse(value.func)
    if not expressions.is_ours(function) or isinstance(function, type):
        return None
    kind = function.__annotations__.get("return")
    if kind == "Timeout":
        return f"{name} bounds a block; write `async with {name}(...):`"
    return f"{name} {_AT_ONCE.get(kind, 'gives its value at once')}; leave out `await`"


def _advice_on_combination(given: object, name: str) -> str | None:
    if isinstance(given, RestateDurableFuture):
        return f"give asyncio.{name} a list, even for one future"
    if inspect.isgenerator(given):
        return f"asyncio.{name} takes no generator; give it a list"
    return None


def _advice_on_arguments(error: TypeError) -> str | None:
    """Look for something that cannot be awaited among the arguments of a function of asyncio."""
    found = expressions.failing(error, is_authored=True)
    if found is None:
        return None
    node = found.node.value if isinstance(found.node, ast.Await) else found.node
    for given in node.args if isinstance(node, ast.Call) else ():
        for each in given.elts if isinstance(given, (ast.List, ast.Tuple, ast.Set)) else [given]:
            if isinstance(each, ast.Call):
                function, name = expressions.resolve(each.func, found.frame), ast.unparse(each.func)
                if expressions.is_ours(function) and not isinstance(function, type):
                    advice = _AT_ONCE.get(function.__annotations__.get("return"))
                    if advice is not None:
                        return f"{name} {advice}"
    return None


def _advice_on_raise(raised: ast.expr, found: Failing) -> str | None:
    kind, name = expressions.resolve(raised, found.frame), ast.unparse(raised)
    empty = ast.Call(raised, [], [])
    if not expressions.is_ours(kind) or expressions.fits(kind, empty, is_method=False):
        return None
    return f'{name} is raised without its arguments; write raise {name}("...")'


def _advice_on_call(call: ast.Call, found: Failing) -> str | None:
    function, name = expressions.resolve(call.func, found.frame), ast.unparse(call.func)
    if not expressions.is_ours(function):
        return None
    owner = (
        expressions.resolve(call.func.value, found.frame) if isinstance(call.func, ast.Attribute) else None
    )
    is_object = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call)
    is_method = is_object or (owner is not None and not isinstance(owner, (type, ModuleType)))
    if expressions.fits(function, call, is_method=is_method):
        return None
    if function is RestateDurableFuture.result:
        return _advice_on_limit(owner)
    parameters = list(inspect.signature(function).parameters.values())[is_method:]
    if parameters and all(each.kind is each.VAR_KEYWORD for each in parameters):
        return f"give each future a name, as in {name}(first=...)"
    names = [each.name for each in parameters]
    for given in call.keywords:
        meant = given.arg and [each for each in names if given.arg in each]
        if meant and given.arg not in names:
            return f"write {meant[0]} instead of {given.arg}"
    return f"its parameters are ({', '.join(names)})"


def _advice_on_limit(future: object) -> str:
    if isinstance(future, AwakeableFuture):
        return (
            "keep the awakeable instead of its parts: `decision = ctx.awakeable()`, `decision.id`, "
            "`await decision.result(timeout=...)`"
        )
    return "bound the wait for it with `async with ctx.timeout(...):`"


def _is_method(given: object) -> bool:
    """Tell whether a function is a method of what handlers use."""
    return inspect.isfunction(given) and any(
        getattr(cls, given.__name__, None) is given for cls in _USED.values()
    )


def _is_awakeable_id(text: str) -> bool:
    try:
        parse_awakeable_id(text)
    except InvalidIdError:
        return False
    return True


def _unawaited(text: str) -> UsageError:
    return UsageError(
        f"{text}; a result was used before it was there: write `await` before the call that returned it"
    )
