"""What a command was aimed at: in words, and as a link to the invocation that it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.approvals.document import DOCUMENT_PREFIX
from awaken.errors import InvalidIdError
from awaken.outcomes import FIRST_AWAKEABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.inbox.timeline.entries import Entry

__all__ = ["Aim", "Icon", "aim_of", "name_signal"]

#: The signal that cancels an invocation.
_CANCEL: Final = 1

#: The kinds of rows that look different.
Icon = str


@dataclass(frozen=True, slots=True)
class Aim:
    """What a command did, for people."""

    icon: Icon
    #: Such as `Call`.
    verb: str
    #: Such as `Greeter/greet`; text from outside.
    target: str = ""
    #: The invocation that it concerns, if the journal names one.
    invocation_id: str | None = None
    #: When it is due, of timers and of delayed sends, in UTC milliseconds.
    due_ms: int | None = None


def aim_of(entry: Entry) -> Aim:
    """Return what a command was aimed at."""
    make = _AIMS.get(entry.kind)
    return make(entry) if make is not None else Aim("other", entry.kind or "Entry", entry.name)


def name_signal(signal: int | str | None) -> str:
    """Return a signal in words."""
    if signal == _CANCEL:
        return "cancel"
    if isinstance(signal, int):
        return f"awakeable {signal}" if signal >= FIRST_AWAKEABLE else f"signal {signal}"
    return signal or ""


def _plain(icon: Icon, verb: str) -> Callable[[Entry], Aim]:
    return lambda entry: Aim(icon, verb, entry.name)


def _keyed(icon: Icon, verb: str) -> Callable[[Entry], Aim]:
    return lambda entry: Aim(icon, verb, _text(entry.fields, "key"))


def _run(entry: Entry) -> Aim:
    if entry.name.startswith(DOCUMENT_PREFIX) and entry.name.removeprefix(DOCUMENT_PREFIX).isdecimal():
        return Aim("run", "Write", "the question in detail")
    return Aim("run", "Run", entry.name)


def _sleep(entry: Entry) -> Aim:
    return Aim("sleep", "Sleep", entry.name, due_ms=_moment(entry.fields, "wake_up_time"))


def _call(entry: Entry) -> Aim:
    return Aim("call", "Call", _target(entry.fields), _id(entry.fields, "invocation_id"))


def _send(entry: Entry) -> Aim:
    due_ms = _moment(entry.fields, "invoke_time")
    return Aim("send", "Send", _target(entry.fields), _id(entry.fields, "invocation_id"), due_ms)


def _signal(entry: Entry) -> Aim:
    signal = entry.fields.get("signal_id")
    given = signal if isinstance(signal, dict) else {}
    told = given.get("Index", given.get("Name"))
    invocation_id = _id(entry.fields, "target_invocation_id")
    if told == _CANCEL:
        return Aim("signal", "Cancel", invocation_id or "", invocation_id)
    named = name_signal(told if isinstance(told, int | str) else None)
    return Aim("signal", "Signal", f"{named} of {invocation_id or 'an invocation'}", invocation_id)


def _attach(verb: str) -> Callable[[Entry], Aim]:
    def aim(entry: Entry) -> Aim:
        target = entry.fields.get("target")
        given = target if isinstance(target, dict) else {}
        invocation_id = _id(given, "InvocationId")
        if invocation_id is not None:
            return Aim("call", verb, invocation_id, invocation_id)
        inner = next((one for one in given.values() if isinstance(one, dict)), {})
        names = ("name", "service", "key", "handler", "idempotency_key")
        return Aim("call", verb, "/".join(str(inner[name]) for name in names if inner.get(name)))

    return aim


def _complete(entry: Entry) -> Aim:
    awakeable_id = _text(entry.fields, "id")
    try:
        parsed = _core.parse_awakeable_id(awakeable_id)
    except InvalidIdError:
        return Aim("signal", "Complete", awakeable_id)
    verb = "Reject" if entry.fields.get("result") == "Failure" else "Resolve"
    return Aim("signal", verb, f"{name_signal(parsed.index)} of {parsed.invocation_id}", parsed.invocation_id)


def _target(fields: Mapping[str, Any]) -> str:
    target = fields.get("invocation_target")
    inner = (
        next((one for one in target.values() if isinstance(one, dict)), {})
        if isinstance(target, dict)
        else {}
    )
    return "/".join(str(inner[name]) for name in ("name", "key", "handler") if inner.get(name))


def _text(fields: Mapping[str, Any], name: str) -> str:
    return str(fields.get(name) or "")


def _id(fields: Mapping[str, Any], name: str) -> str | None:
    """Return an invocation's id, if it is one: pages link to it."""
    given = _text(fields, name)
    try:
        _core.parse_invocation_id(given)
    except InvalidIdError:
        return None
    return given


def _moment(fields: Mapping[str, Any], name: str) -> int | None:
    given = fields.get(name)
    return given if isinstance(given, int) and given > 0 else None


_AIMS: Final[Mapping[str, Callable[[Entry], Aim]]] = {
    "Input": _plain("start", "Start"),
    "Output": _plain("end", "Return"),
    "Run": _run,
    "Sleep": _sleep,
    "Call": _call,
    "OneWayCall": _send,
    "GetLazyState": _keyed("state", "Get"),
    "GetEagerState": _keyed("state", "Get"),
    "SetState": _keyed("state", "Set"),
    "ClearState": _keyed("state", "Clear"),
    "ClearAllState": _plain("state", "Clear all state"),
    "GetLazyStateKeys": _plain("state", "List names of state"),
    "GetEagerStateKeys": _plain("state", "List names of state"),
    "GetPromise": _keyed("promise", "Await promise"),
    "PeekPromise": _keyed("promise", "Peek at promise"),
    "CompletePromise": _keyed("promise", "Complete promise"),
    "SendSignal": _signal,
    "AttachInvocation": _attach("Attach to"),
    "GetInvocationOutput": _attach("Ask for the result of"),
    "CompleteAwakeable": _complete,
}
