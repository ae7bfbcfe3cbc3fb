"""Checks of what a handler gives this package.

They come before anything is journaled. What the same code would do wrong again raises a `UsageError`, which ends the
invocation. It names the operation, what was given by its type, and what to write instead. What these checks do not
foresee is recognized in what the handler raised, by `awaken.endpoint.misuse`.
"""

from __future__ import annotations

import asyncio
import difflib
import inspect
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from awaken.errors import RetryableError, SerdeError, TerminalError, UnknownAttributeError, UsageError
from awaken.serde import DefaultSerde, Serde
from awaken.serde.validation import tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "expect_action",
    "expect_bytes",
    "expect_code",
    "expect_count",
    "expect_factor",
    "expect_key",
    "expect_serde",
    "expect_text",
    "headers_of",
    "refuse",
    "refuse_attribute",
    "serde_for",
    "write",
]

LARGEST_CODE = 0xFFFF

#: How deep a value is searched for what it should not hold.
_DEEPEST = 4

#: Values that are never a type, though a beginner may give one as `type_hint`.
_VALUES = (str, bytes, int, float, list, dict, tuple, set)

#: What a serde raises over a value, and would raise over it again. Other errors, as those of a network, are retried.
_REPEATED = (
    *(SerdeError, TypeError, ValueError, AttributeError, LookupError),
    *(ArithmeticError, NotImplementedError, RecursionError),
)

_AWAIT = "write `await` before the call that gave it"

#: What to write instead of what is no value, by classes that this module does not know.
_INSTEAD = {
    "SendHandle": "give the id of what it started, which is `await handle.invocation_id()`",
    "Awakeable": "give its `.id`, or await it for its result",
    "Callback": "give its `.url` or `.id`, or await it for its result",
}

#: How errors of serdes name what should have been awaited. They only get other advice for it.
_UNAWAITED = re.compile(
    r"\b(RestateDurable\w*Future|OptionalFuture|RunFuture|DurablePromise|Callback|SendHandle|coroutine)\b"
)


def write(serde: Serde[Any], value: Any, subject: str) -> bytes:
    """Turn a value into bytes.

    Args:
        serde: of the value.
        value: what to write.
        subject: what is written, as in `state "cart"`.

    Raises:
        UsageError: the value cannot be written, in this attempt and in every other.
    """
    try:
        body = serde.serialize(value)
    except (TerminalError, RetryableError):
        raise
    except _REPEATED as error:
        raise _unwritable(serde, value, subject, error) from error
    if type(body) is bytes:
        return body
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise UsageError(
            f"cannot write {subject}: {type(serde).__name__}.serialize gave a value of type {type(body).__name__}; "
            "a serde gives bytes, as in json.dumps(value).encode()"
        )
    return bytes(body)


def _unwritable(serde: Serde[Any], value: Any, subject: str, error: Exception) -> UsageError:
    if inspect.iscoroutine(value):
        value.close()  # it will never be awaited, which Python would complain about
    kind = type(value).__name__
    if not isinstance(error, SerdeError):
        reason = f"{type(serde).__name__} raised {tell(error)} for a value of type {kind}"
        return UsageError(f"cannot write {subject}: {reason}")
    where = f" at {error.path}" if error.path not in ("", "$") else ""
    advice = _instead_of(value)
    if advice is None and _UNAWAITED.search(f"{kind} {error.reason}"):
        advice = _AWAIT
    if advice is None:
        advice = (
            "convert it to what JSON has (text, numbers, lists, dicts with text as keys), or give a serde"
        )
    return UsageError(f"cannot write {subject}, of type {error.type_name}{where}: {error.reason}; {advice}")


def _instead_of(value: object, depth: int = 0) -> str | None:
    """Return what to give instead of something of this package that a value is or holds."""
    kind = type(value)
    if kind.__module__.startswith("awaken.") and kind.__name__ in _INSTEAD:
        return _INSTEAD[kind.__name__]
    if depth == _DEEPEST or not isinstance(value, (dict, list, tuple)):
        return None
    members = value.values() if isinstance(value, dict) else value
    found = (_instead_of(member, depth + 1) for member in members)
    return next(filter(None, found), None)


def expect_text(value: object, what: str) -> None:
    """Refuse what is not a str.

    Args:
        value: what was given.
        what: names it, as in `the name of ctx.get`.
    """
    if not isinstance(value, str):
        refuse(value, what, "give a str" if value is None else "give a str, as in str(value)")


def expect_bytes(value: object, what: str) -> None:
    """Refuse what is not bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        refuse(
            value,
            what,
            "give bytes, as in json.dumps(value).encode(), or name the handler's function instead",
        )


def expect_code(value: object, what: str) -> None:
    """Refuse what is not the code of a failure."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_CODE:
        refuse(value, what, f"give a code between 0 and {LARGEST_CODE}, as HTTP has them")


def expect_count(value: object, what: str) -> None:
    """Refuse what is not a count. None passes."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        refuse(value, what, "give a whole number, zero or more")


def expect_factor(value: object, what: str) -> None:
    """Refuse what cannot multiply a duration. None passes."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        refuse(value, what, "give a finite number above zero")


def expect_key(value: object, what: str) -> None:
    """Refuse an idempotency key that is not a str or is empty, which no runtime takes. None passes."""
    if value is None:
        return
    expect_text(value, what)
    if not value:
        raise UsageError(f"{what} is empty; give text, or leave it out")


def expect_serde(serde: object, what: str) -> None:
    """Refuse what is not a serde."""
    if isinstance(serde, Serde) or (hasattr(serde, "serialize") and hasattr(serde, "deserialize")):
        return
    if isinstance(serde, type):
        hint = (
            "give an instance of the serde"
            if issubclass(serde, Serde)
            else f"write type_hint={serde.__name__}"
        )
        raise UsageError(f"{what} is the class {serde.__name__}; {hint}")
    refuse(serde, what, "give a serde, such as awaken.serde.JsonSerde()")


def serde_for(serde: Serde[Any], type_hint: Any, what: str) -> Serde[Any]:
    """Return the serde for what is read: the given one, or the default one for the hint.

    Raises:
        UsageError: one of the two is neither a serde nor a type.
    """
    if not isinstance(serde, DefaultSerde):
        expect_serde(serde, f"the serde of {what}")
        return serde
    if type_hint is None:
        return serde
    if isinstance(type_hint, _VALUES):
        refuse(type_hint, f"the type_hint of {what}", "give a type, such as int or list[str]")
    return serde.with_maybe_type(type_hint)


def headers_of(headers: Mapping[str, str] | None, what: str) -> Sequence[tuple[str, str]]:
    """Return headers as pairs.

    Raises:
        UsageError: they are not a dict of str.
    """
    if not headers:
        return ()
    try:
        pairs = list(headers.items())
    except AttributeError:
        refuse(headers, f"the headers of {what}", 'give a dict, as in {"x-tenant": "a"}')
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise UsageError(
                f"the header {name!r} of {what} is of type {type(value).__name__}; names and values are text, "
                "so convert both with str"
            )
    return pairs


def expect_action(name: object, action: object, options: object, kind: type) -> None:
    """Refuse what cannot be run.

    Args:
        name: of the run.
        action: what to execute.
        options: what follows.
        kind: the class of options.
    """
    if not isinstance(name, str):
        if callable(name):
            function = getattr(name, "__name__", "function")
            raise UsageError(
                f"the first argument of ctx.run_typed is {function}; its name comes first, as in "
                f'ctx.run_typed("{function}", {function})'
            )
        expect_text(name, "the name of ctx.run_typed")
    if inspect.iscoroutine(action):
        called = action.__name__
        action.close()  # it will never be awaited, which Python would complain about
        raise UsageError(
            f'run "{name}" was given the coroutine of {called}(...), which is called already; give the function and '
            f'its arguments: ctx.run_typed("{name}", {called}, RunOptions(), ...)'
        )
    if not callable(action):
        refuse(action, f'the action of run "{name}"', "give a function, without calling it")
    if not isinstance(options, kind):
        refuse(
            options,
            f'the third argument of run "{name}"',
            f'options come before arguments: ctx.run_typed("{name}", function, RunOptions(), argument)',
        )


def refuse_attribute(owner: object, name: str) -> NoReturn:
    """Raise for an attribute that what a handler awaits does not have."""
    kind = type(owner).__name__
    if name.startswith("_"):
        raise AttributeError(f"{kind} has no attribute {name!r}", name=name, obj=owner)
    if kind == "SendHandle":
        advice = f"a send has no result, only an id: {_INSTEAD[kind]}"
    elif hasattr(asyncio.Future, name):
        advice = "asyncio takes its durable future, which is its `.future`"
    else:
        known = [each for each in dir(type(owner)) if not each.startswith("_")]
        close = difflib.get_close_matches(name, known, 1)
        advice = f"did you mean {close[0]}?" if close else _AWAIT
    raise UnknownAttributeError(f"{kind} has no {name!r}; {advice}")


def refuse(value: object, what: str, advice: str) -> NoReturn:
    """Raise the UsageError for a value of the wrong type."""
    instead = _instead_of(value)
    if instead is not None:
        advice = instead
    elif inspect.isawaitable(value):
        advice = _AWAIT
        if inspect.iscoroutine(value):
            value.close()
    shown = f"{value!r}, " if value is None or type(value) in (bool, int, float) else ""
    raise UsageError(f"{what} is {shown}of type {type(value).__name__}; {advice}")
