"""Checks the head of an endpoint's response, and describes a response that is not of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.runtime.attempt_failure import AttemptFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.exchange import Outgoing

__all__ = ["ResponseHead"]

#: How much of an unexpected response is shown, in bytes.
_EXCERPT: Final = 500

#: Error codes that the server documents, by the status of a response other than 200.
_REASONS: Final[Mapping[int, str]] = {
    413: "RT0019",
    415: "RT0015",
    429: "RT0023",
    502: "RT0010",
    503: "RT0023",
    504: "RT0010",
}


class ResponseHead:
    """Accepts or refuses one response.

    Args:
        exchange: with the endpoint.
        content_type: which the response must have.
        deployment_id: names the endpoint in the failure.
    """

    def __init__(self, exchange: Outgoing, content_type: str, deployment_id: str) -> None:
        self._exchange = exchange
        self._content_type = content_type
        self._deployment_id = deployment_id
        self._excerpt = bytearray()
        #: Whether the response has begun and is one of the protocol.
        self.is_accepted = False

    def check(self, data: bytes) -> AttemptFailure | None:
        """Check a response that has begun and is not accepted yet.

        Args:
            data: the part of its body that has arrived since the last check.

        Returns:
            Why the attempt fails; None if the response is accepted, or if more of an unexpected one is needed to
            describe it.
        """
        exchange = self._exchange
        content_type = next((value for name, value in exchange.headers if name == "content-type"), "")
        if exchange.status == 200 and content_type == self._content_type:
            self.is_accepted = True
            return None
        self._excerpt += data[: _EXCERPT - len(self._excerpt)]
        if not (exchange.is_ended or exchange.is_reset or len(self._excerpt) >= _EXCERPT):
            return None
        status = exchange.status or 0
        what = (
            f"unexpected content-type {content_type!r}"
            if status == 200
            else f"unexpected http status code: {status}"
        )
        text = self._excerpt.decode(errors="replace")
        message = f"{what}, from {self._deployment_id}"
        return AttemptFailure(
            code=500,
            message=f"{message}: {text}" if text else message,
            reason=_REASONS.get(status, "RT0012"),
        )
