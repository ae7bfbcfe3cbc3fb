"""`POST /query`: questions in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import PlainTextResponse

from awaken.runtime.admin.answers import answer_json
from awaken.runtime.query import QueryError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.reads import Asks

__all__ = ["QueryRoute"]


class _Asked(msgspec.Struct):
    query: str


class QueryRoute:
    """Answers the route of questions."""

    def __init__(self, tables: Asks) -> None:
        self._tables = tables

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            return PlainTextResponse("Expected request with `Content-Type: application/json`", 415)
        try:
            question = msgspec.json.decode(await request.body(), type=_Asked).query
        except msgspec.ValidationError as error:
            return PlainTextResponse(
                f"Failed to deserialize the JSON body into the target type: {error}", 422
            )
        except msgspec.DecodeError as error:
            return PlainTextResponse(f"Failed to parse the request body as JSON: {error}", 400)
        try:
            return answer_json(200, {"rows": await self._tables.ask(question)})
        except QueryError as error:
            status = 400 if error.is_misread else 500
            return answer_json(status, {"message": f"Datafusion error: {error}"})
