"""`POST /query`: questions in SQL. As from the server, clients get an Arrow IPC stream unless they accept just JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from starlette.responses import Response

from awaken.runtime.admin.answers import answer_json
from awaken.runtime.connected import while_connected
from awaken.runtime.query import QueryError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from awaken.runtime.admin.reading import Bodies

__all__ = ["AnswersQuestions", "QueryRoute"]

#: Bytes of an answer that are handed to the connection at once.
_PIECE_SIZE: Final = 256 * 1024
_JSON: Final = "application/json"
_ARROW: Final = "application/vnd.apache.arrow.stream"


class AnswersQuestions(Protocol):
    """What answers questions in SQL."""

    async def answer(self, sql: str, *, is_arrow: bool = False) -> bytes | bytearray:
        """Return the rows as a JSON array or an Arrow IPC stream. Raises QueryError and UnavailableError."""
        ...

    def untaken(self, size: int) -> AbstractContextManager[None]:
        """Count an answer until its client has taken it."""
        ...


class _Asked(msgspec.Struct):
    query: str


class QueryRoute:
    """Answers the route of questions."""

    #: What requests contain, by the operation in the OpenAPI document.
    bodies: Final = {"query": ("QueryRequest", _Asked)}

    def __init__(self, questions: AnswersQuestions, bodies: Bodies) -> None:
        self._questions = questions
        self._bodies = bodies

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        question = (await self._bodies.read_json(request, _Asked)).query
        # The server compares the text of the header.
        is_arrow = request.headers.get("accept") != _JSON
        try:
            answer = self._questions.answer(question, is_arrow=is_arrow)
            return _Rows(await while_connected(request.receive, answer), self._questions, is_arrow=is_arrow)
        except QueryError as error:
            if error.is_limited:  # the server has no such answer
                return answer_json(400, {"message": str(error)})
            status = 400 if error.is_misread else 500
            return answer_json(status, {"message": f"Datafusion error: {error}"})


class _Rows(Response):
    """Sends rows as fast as the client takes them; the HTTP server ends the connection of one that takes none."""

    def __init__(self, rows: bytes | bytearray, questions: AnswersQuestions, *, is_arrow: bool) -> None:
        self._parts = (b"", rows, b"") if is_arrow else (b'{"rows":', rows, b"}")
        self._questions = questions
        size = sum(map(len, self._parts))
        super().__init__(headers={"content-length": str(size)}, media_type=_ARROW if is_arrow else _JSON)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._questions.untaken(len(self._parts[1])):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            for part in self._parts:
                for at in range(0, len(part), _PIECE_SIZE):
                    piece = bytes(part[at : at + _PIECE_SIZE])
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
