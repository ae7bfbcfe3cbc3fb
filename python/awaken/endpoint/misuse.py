"""Wrong use of this package, recognized in what a handler raised.

`awaken.usage` checks arguments and raises a `UsageError` by itself. Python meets some misuse first: a call that does
not fit a signature, a durable result used like the value it stands for. A `UsageError` ends the invocation for good,
also one that a deploy would have saved, so an error counts as misuse only where it is hardly about the author's own
code.
"""

from __future__ import annotations

import re
from typing import Final

from awaken import tracebacks
from awaken.callback import Callback
from awaken.context import CONTEXTS
from awaken.errors import UsageError
from awaken.futures import (
    Awakeable,
    DurablePromise,
    OptionalFuture,
    RestateDurableCallFuture,
    RestateDurableFuture,
    RestateDurableSleepFuture,
    SendHandle,
)
from awaken.runs import RunFuture
from awaken.scope import ScopedContext

__all__ = ["misuse_in"]

#: Files of this package in which a wrong argument may surface late, and which run no code of the author.
_API: Final = frozenset(
    f"{tracebacks.PACKAGE}{name}.py"
    for name in ("asyncio", "callback", "context", "deadlines", "futures", "scope", "state")
)

#: What a handler awaits and is no future itself.
_AWAITED: Final = (Awakeable, Callback, DurablePromise, SendHandle)

#: Results by the names in which Python complains of them: only names that authors hardly give to classes of their own.
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

#: Classes with methods that handlers call, by the names in which Python complains of such calls.
_OWNERS: Final = {
    owner.__qualname__: owner
    for cls in (*CONTEXTS.values(), ScopedContext, RestateDurableCallFuture, *_AWAITED)
    for owner in cls.__mro__
    if owner.__module__.startswith("awaken.")
}


def misuse_in(error: BaseException) -> UsageError | None:
    """Return what an ordinary error means that comes from wrong use of this package.

    Args:
        error: what was raised.

    Returns:
        The error that says so, or None when it is one of the author's own code.
    """
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, AttributeError):
        return _unawaited(text) if isinstance(error.obj, _AWAITED) else None
    if not isinstance(error, (TypeError, ValueError, OverflowError)):
        return None
    if tracebacks.innermost_file(error) in _API:
        return UsageError(text)
    if not isinstance(error, TypeError):
        return None
    if _RESULT.search(str(error)):
        return _unawaited(text)
    call = _BAD_CALL.match(str(error))
    owner = None if call is None else _OWNERS.get(call["owner"])
    if call is not None and owner is not None and call["method"] in vars(owner):
        return UsageError(f"{text}; see help(awaken.{call['owner'].lstrip('_')}.{call['method']})")
    return None


def _unawaited(text: str) -> UsageError:
    return UsageError(
        f"{text}; a result was used before it was there: write `await` before the call that gave it"
    )
