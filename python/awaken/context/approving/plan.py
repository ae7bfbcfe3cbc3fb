"""What an approval goes by once it has begun. It is journaled with the document, in the value of the same run."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from awaken.approvals import ApprovalDocument, ApprovalFacts, Escalation
from awaken.context import callback_arguments
from awaken.context.approving import arguments
from awaken.context.approving.polarity import polarity_of
from awaken.context.question import document_of, schema_of_answer, written_answer
from awaken.errors import UsageError
from awaken.links import limits, name_of_type
from awaken.links.description import CallbackDescription, describe_callback, read_description

if TYPE_CHECKING:
    from awaken.context.approving.arguments import Arguments

__all__ = ["Plan", "make_plan"]

#: The index of a plan whose first slot is not there yet.
_UNKNOWN: Final = 17


@dataclass(frozen=True, slots=True)
class Plan:
    """How an approval goes on from its start."""

    description: CallbackDescription
    #: Those of the description.
    facts: ApprovalFacts
    document: ApprovalDocument
    #: Moments, in UTC milliseconds.
    expires_at_ms: int
    reminders: tuple[int, ...]
    #: Whether people get messages.
    is_notifying: bool

    def at(self, index: int) -> Plan:
        """Return the same plan for the signal of another first slot."""
        return replace(self, description=replace(self.description, index=index))

    def write(self) -> bytes:
        """Return the document, with the plan beside what doors read of it."""
        plan = {
            "timer": describe_callback(self.description),
            "expires_at_ms": self.expires_at_ms,
            "reminders": list(self.reminders),
            "is_notifying": self.is_notifying,
        }
        facts = json.loads(self.document.write()) | {"plan": plan}
        return json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def read(cls, value: bytes) -> Plan:
        """Read what `write` returned.

        Raises:
            ValueError: it is something else.
        """
        document, facts = ApprovalDocument.read(value), json.loads(value)
        plan = facts["plan"] if isinstance(facts, dict) and "plan" in facts else None
        description = None if plan is None else read_description(plan["timer"])
        if document is None or plan is None or description is None or description.approval is None:
            raise ValueError(f"no plan of an approval: {value[:200]!r}")
        return cls(
            description,
            description.approval,
            document,
            plan["expires_at_ms"],
            tuple(plan["reminders"]),
            plan["is_notifying"],
        )


def make_plan(given: Arguments, *, is_encoded: bool, now_ms: int, is_replaying: bool) -> Plan:
    """Return the plan of an approval that begins now, once its arguments have passed all checks.

    Raises:
        UsageError: an argument is none.
    """
    callback_arguments.check_name(given.question, "the question of ctx.approve")
    what = f'ctx.approve("{given.question[:60]}")'
    labels = callback_arguments.check_labels(given.labels, what)
    expires_at_ms = callback_arguments.expiry_after(given.expires_in, what, is_replaying=is_replaying)
    arguments.check_count(given.quorum, "quorum of ctx.approve")
    arguments.check_count(given.rejections, "rejections of ctx.approve")
    arguments.check_notify(given.notify)
    arguments.check_type(given.answer)
    facts = _facts_of(given, expires_at_ms - now_ms, now_ms, is_replaying=is_replaying)
    try:
        type_name = name_of_type(given.answer)
    except TypeError as error:
        raise UsageError(f"the answer of {what}: {error}") from error
    document = document_of("", given.details, given.data, given.initial, given.answer, what)
    polarity = polarity_of(schema_of_answer(given.answer, what))
    facts = replace(facts, verdict_field=polarity.field, verdict_default=polarity.default)
    if given.on_expiry is not None:
        written_answer(given.on_expiry, given.answer, f"on_expiry of {what}")
    size = limits.json_size(facts.write())
    if size > limits.LONGEST_PEOPLE:
        raise UsageError(
            f"the people of {what} take {size} bytes as JSON, and the limit is {limits.LONGEST_PEOPLE}; "
            "name a group, as in group:finance, instead of its members"
        )
    reminders = arguments.moments_of(
        given.remind, "remind of ctx.approve", expires_at_ms - now_ms, is_replaying=is_replaying
    )
    if reminders and given.notify is None:
        raise UsageError(
            "remind of ctx.approve is given without notify, which sends reminders; give both, or neither"
        )
    return Plan(
        CallbackDescription(
            _UNKNOWN, given.question, type_name, labels, is_encoded, has_document=True, approval=facts
        ),
        facts,
        document,
        expires_at_ms,
        tuple(now_ms + after_ms for after_ms in reminders),
        given.notify is not None,
    )


def _facts_of(given: Arguments, expires_in_ms: int, now_ms: int, *, is_replaying: bool) -> ApprovalFacts:
    approvers = arguments.approvers_of(given.approvers, given.question, is_replaying=is_replaying)
    not_by = arguments.people_of(given.not_by, "not_by of ctx.approve", given.question)
    escalations = arguments.escalations_of(
        given.escalate, approvers, given.question, expires_in_ms, is_replaying=is_replaying
    )
    escalated = [name for _, names in escalations for name in names]
    arguments.check_reach(approvers, escalated, not_by, quorum=given.quorum, rejections=given.rejections)
    return ApprovalFacts(
        arguments.slot_count(given.quorum, given.rejections),
        given.quorum,
        given.rejections,
        approvers=approvers,
        not_by=not_by,
        escalations=tuple(Escalation(now_ms + after_ms, names) for after_ms, names in escalations),
    )
