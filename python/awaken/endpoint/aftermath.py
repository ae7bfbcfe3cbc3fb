"""What happens to a handler after the end of its attempt: an error unwinds it, and later operations are refused.

A handler may catch the error that unwinds it, or leave a task that outlives it. Its operations are then refused with an
error, and the first one is logged, unless it comes from a cleanup. Code that catches each of these errors and tries
again would never let other streams run, so after some of them its commands are discarded and its awaits never end.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any, Final, cast

from awaken.context.commands import Commands
from awaken.endpoint import code_location
from awaken.errors import AttemptClosedError, SdkInternalBaseException, SuspendedException

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from awaken._core import EndpointMachine
    from awaken.endpoint.code_location import CodeLocation

__all__ = ["DISCARDED_COMMANDS", "Aftermath", "complain", "unwinding"]

log = logging.getLogger("awaken")

#: Operations that are refused with an error. Later ones are discarded.
MAX_REFUSALS: Final = 10

_CLEANUPS: Final = (asyncio.CancelledError, GeneratorExit, SdkInternalBaseException)

#: What a discarded command returns, by the type that it declares; a handle is 0, of a result that never comes.
_ANSWERS: Final = {"None": None, "tuple[int, int]": (0, 0), "tuple[str, int]": ("", 0)}


def _discarding(command: Callable[..., Any]) -> Callable[..., Any]:
    answer = _ANSWERS.get(command.__annotations__["return"], 0)
    return lambda *_, **__: answer


#: Takes every command and discards it.
DISCARDED_COMMANDS: Final = cast(
    "Commands",
    type("_Discarded", (), {n: _discarding(each) for n, each in vars(Commands).items() if n[0] != "_"})(),
)


class Aftermath:
    """Refuses the operations of one handler after the end of its attempt.

    Args:
        where: the handler and its invocation, for texts.
    """

    __slots__ = ("_has_complained", "_refusals", "_where")

    def __init__(self, where: str) -> None:
        self._where = where
        self._refusals = 0
        self._has_complained = False

    def refuse(self, operation: str, interrupted_at: CodeLocation | None) -> Commands:
        """Refuse an operation, or return what discards it once too many were refused.

        Args:
            operation: what the handler asks for.
            interrupted_at: where the end of the attempt was raised in the handler.

        Raises:
            AttemptClosedError: the operation is refused.
        """
        self._refusals += 1
        location = code_location.caller()
        if not self._has_complained and not isinstance(sys.exception(), _CLEANUPS):
            self._has_complained = True
            complain(self._where, f"asked to {operation} at {location}", interrupted_at)
        if self._refusals > MAX_REFUSALS:
            return DISCARDED_COMMANDS
        raise AttemptClosedError(
            f"cannot {operation} at {location}: the attempt of {self._where} is over; find the "
            "`except BaseException` or the task that outlived it"
        )

    def refuse_await(
        self, subject: str, interrupted_at: CodeLocation | None, loop: asyncio.AbstractEventLoop
    ) -> Generator[Any, None, None]:
        """Refuse an await; once too many operations were refused, wait forever.

        Raises:
            AttemptClosedError: the await is refused.
        """
        self.refuse(f"await {subject}", interrupted_at)
        while True:
            yield from loop.create_future()


def complain(where: str, deed: str, interrupted_at: CodeLocation | None) -> None:
    """Log that code continued after the end of its attempt.

    Args:
        where: the handler and its invocation.
        deed: what the code did.
        interrupted_at: where the end of the attempt was raised in it.
    """
    log.warning(
        "%s %s after its attempt was over; find the `except BaseException` or bare `except` that hid it%s",
        where,
        deed,
        f" around {interrupted_at}" if interrupted_at is not None else "",
    )


def unwinding(machine: EndpointMachine, where: str, *, is_suspended: bool) -> SdkInternalBaseException:
    """Return what unwinds a handler from the await at which its attempt ended."""
    if is_suspended:
        return SuspendedException(f"{where} is suspended")
    code, message = machine.error or (0, "the attempt is over")
    return AttemptClosedError(f"{where}: [{code}] {message}")
