"""What `ctx.approve` is given, and the checks of people, counts and durations: mistakes end the invocation at once."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, get_origin

from awaken.approvals import Approval
from awaken.approvals.facts import MOST_SLOTS
from awaken.approvals.people import GROUP, find_among, is_group
from awaken.errors import UsageError
from awaken.handler.advice import refuse
from awaken.links import limits
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Arguments",
    "approvers_of",
    "check_count",
    "check_notify",
    "check_reach",
    "check_type",
    "escalations_of",
    "moments_of",
    "people_of",
    "slot_count",
]

#: Slots for answers that do not count, which doors refuse but a runtime's own interface does not.
_RESERVE: Final = 7
#: Reminders, and times at which others are asked; each is a message for everybody.
MOST_MOMENTS: Final = 100
#: Names in one list; the shortest ones that journals have room for.
_MOST_PEOPLE: Final = limits.LONGEST_PEOPLE // 4
#: At least this many. Powers of two above, so that a quorum may grow a little while an approval waits.
_FEWEST_SLOTS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of `ctx.approve`, which describes them."""

    question: str
    details: str = ""
    data: Any = None
    answer: Any = Approval
    initial: Any = None
    approvers: Iterable[str] | None = None
    quorum: int = 1
    rejections: int = 1
    not_by: Iterable[str] = ()
    remind: Iterable[timedelta | float] = ()
    escalate: Mapping[timedelta, Iterable[str]] | None = None
    expires_in: timedelta | float
    on_expiry: Any = None
    notify: Callable[[Any], Any] | None = None
    labels: Mapping[str, str] | None = None


def slot_count(quorum: int, rejections: int) -> int:
    """Return how many answers an approval has room for: as many as decide it, and some that do not count."""
    needed = quorum + rejections - 1 + _RESERVE
    return min(max(_FEWEST_SLOTS, 1 << (needed - 1).bit_length()), MOST_SLOTS)


def check_type(answer: object) -> None:
    """Raise a UsageError unless this is a type, or stands for one."""
    is_type = isinstance(answer, type) or type(answer).__module__ in ("types", "typing", "typing_extensions")
    if not is_type and get_origin(answer) is None:
        refuse(answer, "answer of ctx.approve", "give a type, such as bool or a dataclass")


def check_count(value: object, what: str) -> None:
    """Raise a UsageError unless this is how many answers decide."""
    if type(value) is not int:
        refuse(value, what, "give a whole number, such as 2")
    if not 1 <= value <= MOST_SLOTS // 2:
        raise UsageError(f"{what} is {value}; give a number between 1 and {MOST_SLOTS // 2}")


def people_of(people: object, what: str, question: str) -> tuple[str, ...]:
    """Return names of people and groups, each once, in the order given.

    Raises:
        UsageError: they are no list of names, or links have no room for one.
    """
    if isinstance(people, str):
        raise UsageError(f"{what} is the text {people[:40]!r}; give a list, as in [{people[:40]!r}]")
    if isinstance(people, (bytes, Mapping)) or not isinstance(people, Iterable):
        refuse(people, what, 'give a list of names, such as ["lead@example.com", "group:finance"]')
    names: list[str] = []
    for number, name in enumerate(people):
        if number == _MOST_PEOPLE:
            raise UsageError(
                f"{what} has more than {_MOST_PEOPLE} names; name a group, as in group:finance, instead of its members"
            )
        if not isinstance(name, str):
            refuse(name, f"one of {what}", "give the name as a str")
        _check_person(name, what, question)
        if find_among(name, (), names) is None:
            names.append(name.strip())
    return tuple(names)


def approvers_of(people: object, question: str, *, is_replaying: bool) -> tuple[str, ...]:
    """Return who may answer, nobody for everybody.

    Args:
        people: as the handler gave them; None for everybody.
        question: of the approval.
        is_replaying: the journal has them already, and a list that has become empty since does not matter.

    Raises:
        UsageError: they are no list of names, or none: a search that found nobody must not let everybody answer.
    """
    if people is None:
        return ()
    what = "approvers of ctx.approve"
    names = people_of(people, what, question)
    if not names and not is_replaying:
        raise UsageError(f"{what} names nobody; name someone, or leave it out, and everybody may answer")
    return names


def _check_person(name: str, what: str, question: str) -> None:
    if not name.strip().removeprefix(GROUP).strip():
        raise UsageError(f"{what} contains {name!r}; name a person, or a group as in group:finance")
    if problem := limits.describe_text(name, limits.LONGEST_PERSON):
        raise UsageError(f"a name in {what} {problem}")
    if not name.isprintable():
        raise UsageError(f"{what} contains {name!r}, with characters that no name has; remove them")
    together = limits.json_size(question) + limits.json_size(name)
    if together > limits.LONGEST_NAME:
        raise UsageError(
            f"the question and {name!r}, one of {what}, have {together} bytes together, and a link has room for "
            f"{limits.LONGEST_NAME}; shorten the question and put the rest into details="
        )


def check_reach(
    approvers: Sequence[str], escalated: Sequence[str], excluded: Sequence[str], **counts: int
) -> None:
    """Raise a UsageError if those who are named cannot decide, however they answer.

    Args:
        approvers: people and groups who are asked at first; nobody stands for everybody.
        escalated: who is asked later.
        excluded: who may not answer.
        counts: `quorum` and `rejections`.
    """
    if not approvers:
        return
    everyone = [*approvers, *escalated]
    able: list[str] = []
    for name in everyone:
        if find_among(name, (), [*excluded, *able]) is None:
            able.append(name)
    if any(map(is_group, able)):
        return  # how many people belong to it is not known
    for what, count in counts.items():
        if count > len(able):
            without = ", ".join(repr(name) for name in everyone if find_among(name, (), excluded) is not None)
            but = f" without {without}, named by not_by" if without else ""
            raise UsageError(
                f"{what} of ctx.approve is {count}, and {len(able)} can answer{but}; name more approvers, or lower it"
            )


def moments_of(durations: object, what: str, expires_in_ms: int, *, is_replaying: bool) -> tuple[int, ...]:
    """Return durations from the start in milliseconds, in order of time.

    Args:
        durations: as the handler gave them.
        what: names them in error texts.
        expires_in_ms: they have to be before that.
        is_replaying: the journal has them already, and time has passed since; see `expiry_after`.

    Raises:
        UsageError: one is no duration, is not above zero, or comes after the expiry.
    """
    if isinstance(durations, (timedelta, int, float)):
        raise UsageError(f"{what} is one duration; give a list, as in [timedelta(hours=4)]")
    if isinstance(durations, (str, bytes)) or not isinstance(durations, Iterable):
        refuse(durations, what, "give a list of durations, as in [timedelta(hours=4)]")
    given = list(durations)
    if len(given) > MOST_MOMENTS:
        raise UsageError(f"{what} has {len(given)} durations, and the limit is {MOST_MOMENTS}; give fewer")
    found = []
    for duration in given:
        if is_replaying:
            found.append(time_limits.milliseconds(duration, f"one of {what}"))
            continue
        after_ms = time_limits.above_zero(duration, f"one of {what}")
        if after_ms >= expires_in_ms:
            raise UsageError(
                f"{what} has {timedelta(milliseconds=after_ms)}, and the approval expires after "
                f"{timedelta(milliseconds=expires_in_ms)}; leave it out, or raise expires_in"
            )
        found.append(after_ms)
    return tuple(sorted(set(found)))


def escalations_of(
    given: object, approvers: Sequence[str], question: str, expires_in_ms: int, *, is_replaying: bool
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return who is asked as well, with the milliseconds after which, in order of time.

    Raises:
        UsageError: it is no dict from durations to lists of people, or everybody may answer anyway.
    """
    what = "escalate of ctx.approve"
    if not given:
        return ()
    if not isinstance(given, Mapping):
        refuse(given, what, 'give a dict, as in {timedelta(days=2): ["cfo@example.com"]}')
    if not approvers and not is_replaying:
        raise UsageError(
            f"{what} is given without approvers, so everybody may answer anyway; name approvers first"
        )
    found: dict[int, tuple[str, ...]] = {}
    for duration, people in given.items():
        (after_ms,) = moments_of([duration], what, expires_in_ms, is_replaying=is_replaying)
        names = people_of(people, what, question)
        if not names:
            raise UsageError(f"{what} names nobody for {duration}; name someone, or leave it out")
        found[after_ms] = found.get(after_ms, ()) + names
    return tuple(sorted(found.items()))


def check_notify(notify: object) -> None:
    """Raise a UsageError unless this can be called with a message."""
    what = "notify of ctx.approve"
    if notify is None:
        return
    if isinstance(notify, type) or not callable(notify):
        refuse(notify, what, "give a function that takes an awaken.ApprovalMessage")
    try:
        signature = inspect.signature(notify)
    except (TypeError, ValueError):  # builtins may have none
        return
    try:
        signature.bind(None)
    except TypeError as error:
        name = getattr(notify, "__qualname__", type(notify).__name__)
        raise UsageError(
            f"{what}, {name}{signature}, cannot be called with a message ({error}); write "
            f"def {name.rpartition('.')[2]}(message: awaken.ApprovalMessage)"
        ) from error
