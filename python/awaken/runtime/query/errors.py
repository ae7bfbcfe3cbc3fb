"""Why a question is not answered."""

from __future__ import annotations

from awaken.control.errors import OperationError

__all__ = ["QueryError"]


class QueryError(OperationError):
    """A query cannot be answered.

    Args:
        message: why.
        is_misread: whether the text is not a query in SQL at all, or would change something.
        is_limited: whether it takes more than a query may.
    """

    def __init__(self, message: str, *, is_misread: bool = False, is_limited: bool = False) -> None:
        super().__init__(message)
        self.is_misread = is_misread
        self.is_limited = is_limited
