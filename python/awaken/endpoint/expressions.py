"""The expression that raised an error, and what its names stand for, found without executing anything.

Python knows for each instruction which part of the source it comes from. If the source is not available, nothing is
found.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from itertools import islice
from opcode import opmap
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.context.context import WorkflowContext
from awaken.context.extensions import current_context
from awaken.diagnostics import tracebacks

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Failing", "failing", "fits", "is_ours", "resolve"]

#: The instruction that checks whether something can be awaited.
_GET_AWAITABLE: Final = opmap["GET_AWAITABLE"]


class Failing(NamedTuple):
    """Where an error was raised."""

    #: The expression, or a `raise` statement.
    node: ast.AST
    frame: FrameType
    #: Whether it is an `await` of something that cannot be awaited.
    is_refused_await: bool


def failing(error: BaseException, *, is_authored: bool = False) -> Failing | None:
    """Return the innermost expression that an error came out of; None if the source does not show it.

    Args:
        error: what was raised.
        is_authored: whether to consider only the author's code and the author's libraries.
    """
    trace = None
    following = error.__traceback__
    while following is not None:
        if not is_authored or tracebacks.is_authored(following.tb_frame.f_code.co_filename):
            trace = following
        following = following.tb_next
    if trace is None:
        return None
    frame, at = trace.tb_frame, trace.tb_lasti
    code = frame.f_code
    position = next(islice(code.co_positions(), at // 2, None), None)
    if position is None or None in position:
        return None
    node = _parse(frame, *position)  # type: ignore[arg-type]  # none of it is None
    return None if node is None else Failing(node, frame, code.co_code[at] == _GET_AWAITABLE)


def resolve(node: ast.AST, frame: FrameType) -> Any:
    """Return what a name, or an attribute of one, stands for; None if finding out would execute code."""
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals, vars(builtins)):
            if node.id in names:
                return names[node.id]
    if isinstance(node, ast.Call):
        return _class_of(node, frame)
    if isinstance(node, ast.Attribute):
        owner = resolve(node.value, frame)
        if isinstance(owner, ModuleType):
            return vars(owner).get(node.attr)
        if owner is not None:
            return inspect.getattr_static(owner, node.attr, None)
    return None


def _class_of(node: ast.Call, frame: FrameType) -> Any:
    """Return a class with what a call gives: `super()` in a class below ours, or `current_context()`."""
    match node:
        case ast.Call(func=ast.Name(id="super"), args=[], keywords=[]):
            kind = frame.f_locals.get("__class__")
            return kind.__base__ if isinstance(kind, type) and is_ours(kind.__base__) else None
        case ast.Call(func=function) if resolve(function, frame) is current_context:
            return WorkflowContext  # it has the methods of all
    return None


def is_ours(value: Any) -> bool:
    """Tell whether a function, or what creates the objects of a class, belongs to this package."""
    called = inspect.getattr_static(value, "__init__") if isinstance(value, type) else value
    return inspect.isfunction(called) and called.__module__.partition(".")[0] == "awaken"


def fits(function: Any, call: ast.Call, *, is_method: bool) -> bool:
    """Tell whether the arguments of a call fit a signature, as far as the source shows."""
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(isinstance(each, ast.Starred) for each in arguments) or None in _keywords(call):
        return True
    try:
        inspect.signature(function).bind(
            *[None] * (len(call.args) + is_method), **dict.fromkeys(map(str, _keywords(call)))
        )
    except TypeError:
        return False
    return True


def _keywords(call: ast.Call) -> list[str | None]:
    return [keyword.arg for keyword in call.keywords]


def _parse(frame: FrameType, line: int, last: int, column: int, end: int) -> ast.AST | None:
    file = frame.f_code.co_filename
    lines = [linecache.getline(file, number, frame.f_globals).encode() for number in range(line, last + 1)]
    if not all(lines) or lines[0][:column].rstrip().endswith(
        b"."
    ):  # some versions leave out what has the method
        return None
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][column:]
    source = b"".join(lines).decode(errors="replace")
    for text in (source, f"({source}\n)"):
        try:
            [statement] = ast.parse(text).body
        except (
            SyntaxError,
            ValueError,
            RecursionError,
            SystemError,
        ):  # the last where a collection parses as well
            continue
        return statement.value if isinstance(statement, ast.Expr) else statement
    return None
