"""What a process has reported of invocations that are not over."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["Reported"]

#: Invocations to remember. With a hundred spans each, 10 MB.
MAX_INVOCATIONS: Final = 1000


class Reported:
    """The spans that attempts in this process have reported.

    An attempt that waits for several things goes on when one of them is there. The next attempt does the same again,
    and its journal does not say that it is not the first.
    """

    def __init__(self) -> None:
        self._spans: OrderedDict[str, set[int]] = OrderedDict()

    def is_news(self, invocation_id: str, span_id: int, *, is_final: bool) -> bool:
        """Return whether a span has not been reported.

        Args:
            invocation_id: of the handler.
            span_id: the derived id of the span.
            is_final: it will be reported, and not again.
        """
        spans = self._spans.get(invocation_id)
        if spans is not None and span_id in spans:
            return False
        if is_final:
            self._spans.setdefault(invocation_id, set()).add(span_id)
            self._spans.move_to_end(invocation_id)
            if len(self._spans) > MAX_INVOCATIONS:
                self._spans.popitem(last=False)
        return True

    def forget(self, invocation_id: str) -> None:
        """Forget an invocation that is over."""
        self._spans.pop(invocation_id, None)
