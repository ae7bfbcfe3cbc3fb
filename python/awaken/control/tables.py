"""Questions about the tables of a runtime at a URL.

A cluster that has just lost a node answers every question that concerns its partitions with status 500, until other
nodes lead them. A server gives the same status to a question that it does not understand. Which of the two it is shows
a question that every server understands and all partitions have to answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from awaken.control.errors import OverloadedError, UnavailableError, UnexpectedAnswerError
from awaken.control.http_answers import explain, refused

if TYPE_CHECKING:
    import httpx

    from awaken.control.lanes import Kind
    from awaken.control.runtime_http import RuntimeHttp

__all__ = ["Tables"]

#: Seconds until the partitions are led again. Measured: 2 to 5 after a kill, up to 20 after the loss of a network.
_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.2
#: How often a question has to be refused while others are answered: a partition may be lost between two.
_REFUSALS: Final = 2
_FAILED: Final = 500
_UNAVAILABLE: Final = 503
_COUNT: Final = "SELECT count(1) AS n FROM sys_invocation_status"


class Tables:
    """Answers questions about a runtime's tables.

    Args:
        http: the runtime's interfaces.
        kind: of the requests.
        patience_s: how many seconds a cluster may take until its partitions are led again.
    """

    def __init__(self, http: RuntimeHttp, kind: Kind, patience_s: float = _PATIENCE_SECONDS) -> None:
        self._http = http
        self._kind = kind
        self._patience_s = patience_s

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question in SQL.

        Raises:
            UnavailableError: the runtime can answer no question at the moment.
            UnexpectedAnswerError: it does not understand this one.
        """
        answer = await self._ask(sql)
        if answer.status_code == _FAILED:
            answer = await self._insist(sql, answer)
        if not answer.is_success:
            error = refused(answer)
            if isinstance(error, (UnavailableError, OverloadedError, UnexpectedAnswerError)):
                raise error
            raise UnexpectedAnswerError(
                f"the admin API refused a question ({answer.status_code}: {explain(answer)}); this version of "
                "awaken knows the tables of Restate server 1.7 and of its own runtime"
            )
        rows = answer.json().get("rows")
        return list(rows) if isinstance(rows, list) else []

    async def _insist(self, sql: str, answer: httpx.Response) -> httpx.Response:
        """Repeat a question that failed until it is answered, or only this one fails; return the answer."""
        time = asyncio.get_running_loop().time
        deadline = time() + self._patience_s
        refusals = 0
        while answer.status_code == _FAILED and refusals < _REFUSALS:
            if (await self._ask(_COUNT)).status_code != _FAILED:
                refusals += 1
            elif time() > deadline:
                raise UnavailableError(
                    f"the admin API can answer no question ({answer.status_code}: {explain(answer)}); a cluster that "
                    "has lost a node needs some seconds, so try again"
                )
            else:
                await asyncio.sleep(_PAUSE_SECONDS)
            answer = await self._ask(sql)
        return answer

    async def _ask(self, sql: str) -> httpx.Response:
        return await self._http.operate(
            self._kind,
            "POST",
            "/query",
            may_repeat=True,
            elsewhere=(_FAILED, _UNAVAILABLE),  # a node that has lost the others fails, too
            json={"query": sql},
            headers={"accept": "application/json"},
        )
