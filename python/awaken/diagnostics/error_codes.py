"""What the codes of failures mean, and what to do about each: for the reference, and for whoever shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ATTEMPT_CODES", "INGRESS_STATUSES", "PROTOCOL_CODES", "ErrorCode"]


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code.

    Args:
        code: as it is shown.
        meaning: what happened.
        advice: what to do.
    """

    code: str
    meaning: str
    advice: str


#: Why an attempt failed, by the code that the official server documents; the invocation is retried or paused.
ATTEMPT_CODES: Final = (
    ErrorCode("RT0000", "the runtime itself failed", "look into its log, and report what is there"),
    ErrorCode(
        "RT0001",
        "the endpoint sent nothing for the abort timeout after it was asked to suspend",
        "see whether it still runs; await durable operations more often, or raise the handler's abort timeout",
    ),
    ErrorCode(
        "RT0007",
        "the handler raised an exception that is retried",
        "read the exception in the invocation; fix the code, or raise `TerminalError` to give up",
    ),
    ErrorCode(
        "RT0010",
        "the endpoint could not be reached, or its stream broke",
        "see whether it runs, and whether the runtime reaches the URL that is registered",
    ),
    ErrorCode(
        "RT0011",
        "no deployment is registered for the invocation",
        "register an endpoint that has its service; if the deployment that it is pinned to was removed, move it with "
        "`awaken invocations resume ID --deployment latest`",
    ),
    ErrorCode(
        "RT0012",
        "the endpoint, or what is in its place, violated the protocol",
        "see whether the URL leads to the endpoint and not to a proxy or another program; update both sides",
    ),
    ErrorCode(
        "RT0015", "the endpoint speaks no protocol version of the runtime", "register the endpoint again"
    ),
    ErrorCode(
        "RT0016",
        "the handler issued other commands than its journal has",
        "register changed code as a new deployment; keep what is not deterministic inside `ctx.run_typed`",
    ),
    ErrorCode(
        "RT0017",
        "the handler may not do this",
        "read the message: a key, a state or a promise is not its own",
    ),
    ErrorCode(
        "RT0018",
        "the handler called one that is not registered",
        "add its service to `awaken.app`, or register it",
    ),
    ErrorCode("RT0019", "the endpoint answered 413", "send less: pass a reference to a large value"),
    ErrorCode(
        "RT0021",
        "an inactivity timeout has no effect, because the endpoint answers only when an attempt ends",
        "serve it over HTTP/2 if the timeout matters; this is a remark of a registration, and no failure",
    ),
    ErrorCode("RT0023", "the endpoint is busy: it answered 429 or 503", "wait, or run more of it"),
)

#: Codes of failures on the wire that are no statuses of HTTP.
PROTOCOL_CODES: Final = (
    ErrorCode(
        "570", "journal mismatch: the handler issued other commands than its journal has", "as for RT0016"
    ),
    ErrorCode("571", "a side violated the protocol", "update both sides; report it if they are current"),
    ErrorCode(
        "573",
        "the negotiated version of the protocol lacks a feature",
        "use a newer runtime, or do without it",
    ),
)

#: Statuses with which the ingress answers for itself. A handler's `TerminalError` chooses its own.
INGRESS_STATUSES: Final = (
    ErrorCode(
        "400",
        "the path, a query parameter, an id or a header is malformed, or a value does not fit its callback",
        "read the message, which says what is expected",
    ),
    ErrorCode(
        "401",
        "the token is missing or not known",
        "send `Authorization: Bearer TOKEN`, or set `AWAKEN_TOKEN`",
    ),
    ErrorCode("403", "the token does not allow this", "use one with the right that the message names"),
    ErrorCode(
        "404", "there is no such service, handler or invocation", "register the service; compare the names"
    ),
    ErrorCode("405", "the path has another method", "use POST for calls, GET for results"),
    ErrorCode("408", "the body did not arrive in time", "send it again"),
    ErrorCode(
        "409",
        "the run of this workflow exists already, or the invocation was cancelled",
        "attach to it, or start one with another key",
    ),
    ErrorCode("413", "the body is larger than the limit", "store the value elsewhere, and send a reference"),
    ErrorCode("470", "the invocation has not completed yet", "ask again later, or attach, which waits"),
    ErrorCode(
        "500", "the handler failed for good, or the runtime did", "read the message; look into the log"
    ),
    ErrorCode(
        "503", "the runtime ends, or cannot write to its disk", "send it again, with an idempotency key"
    ),
)
