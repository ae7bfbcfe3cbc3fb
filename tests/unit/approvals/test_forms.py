"""What the journal holds of an approval: facts, document and answers, written and read again."""

from __future__ import annotations

import pytest
from awaken.approvals import (
    Answered,
    Approval,
    ApprovalDocument,
    ApprovalFacts,
    Escalation,
    Verdict,
    VerdictAnswer,
    Via,
    read_answered,
    write_answered,
)
from awaken.links.description import CallbackDescription, describe_callback, read_description


@pytest.mark.parametrize(
    "facts",
    [
        ApprovalFacts(1),
        ApprovalFacts(
            9,
            quorum=3,
            rejections=2,
            verdict_field="approved",
            verdict_default=False,
            approvers=("a", "group:b"),
            not_by=("c",),
            escalations=(Escalation(5, ("d", "e")), Escalation(9, ())),
        ),
    ],
)
def test_facts_survive_the_entry_name(facts: ApprovalFacts) -> None:
    description = CallbackDescription(17, "Pay?", "", {}, has_document=True, approval=facts)

    found = read_description(describe_callback(description))

    assert found is not None
    assert found == description
    assert [found.covers(index) for index in (16, 17, 16 + facts.slots, 17 + facts.slots)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "facts",
    [
        "{}",
        "[]",
        '{"slots":0}',
        '{"slots":1001}',
        '{"slots":true}',
        '{"slots":1,"approvers":[1]}',
        '{"slots":1,"verdict_default":"yes"}',
        '{"slots":1,"escalations":[["x"]]}',
        '{"slots":1,"escalations":7}',
        '{"slots":1,"not_by":["\\ud800"]}',
    ],
)
def test_other_facts_are_none_of_ours(facts: str) -> None:
    name = f'callback {{"index":17,"name":"x","type":"","labels":{{}},"approval":{facts}}}'

    assert read_description(name) is None


def test_escalations_begin_at_their_time() -> None:
    facts = ApprovalFacts(3, approvers=("a",), escalations=(Escalation(5, ("b", "A")),))

    assert facts.people(4) == ("a",)
    assert facts.people(5) == facts.people() == ("a", "b")


@pytest.mark.parametrize(
    "answered",
    [
        Answered(b'{"approved":true}', by="ann", groups=("group:x",), at_ms=7, via=Via.LINK),
        Answered(b"null"),
        Answered(None, "", via=Via.INBOX),
        Answered(None, '\u00e9 "no"', by="bob", at_ms=0, via=Via.SLACK),
    ],
)
def test_answers_survive_the_journal(answered: Answered) -> None:
    assert read_answered(write_answered(answered)) == answered


def test_answer_is_kept_as_it_was_given() -> None:
    assert write_answered(Answered(b'{"b":1.50,"a":[]}')).endswith(b'"answer":{"b":1.50,"a":[]}}')
    with pytest.raises(ValueError, match="Expecting value"):
        write_answered(Answered(b"nope"))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff",
        b"{}",
        b"[1]",
        b'{"approved":true}',
        b'{"awaken-approval":2,"answer":1}',
        b'{"awaken-approval":1,"by":7,"answer":1}',
        b'{"awaken-approval":1,"via":"door","answer":1}',
        b"[" * 100_000,
    ],
)
def test_other_values_are_answers_by_somebody_unknown(value: bytes) -> None:
    assert read_answered(value) == Answered(value)


def test_document_survives() -> None:
    document = ApprovalDocument("Pay?", "**now**", {"amount": "1.00"}, {"approved": True}, {"type": "object"})

    assert ApprovalDocument.read(document.write()) == document
    assert ApprovalDocument.read(ApprovalDocument().write()) == ApprovalDocument()


@pytest.mark.parametrize("value", [b"", b"[]", b'{"title":1}', b'{"schema":1}', b"\xff", b"[" * 10_000])
def test_other_documents_are_none(value: bytes) -> None:
    assert ApprovalDocument.read(value) is None


@pytest.mark.parametrize("is_approved", [True, False])
def test_what_is_not_approved_is_not_true(is_approved: bool) -> None:
    answer = Approval(is_approved, "no" if not is_approved else "")
    verdict = Verdict(
        is_approved, answer, "ann", None, Via.LINK, (VerdictAnswer(answer, "ann", None, Via.LINK),)
    )

    assert bool(answer) is bool(verdict) is is_approved


@pytest.mark.parametrize(
    "answer",
    [
        b"NaN",
        b'\xef\xbb\xbf{"approved":true}',
        '"yes"'.encode("utf-16"),
        b'"\\ud800"',
        b'"\xff"',
        b"[" * 5000,
    ],
    ids=["nan", "mark", "utf-16", "half", "latin", "deep"],
)
def test_answer_that_could_not_be_read_again_is_not_written(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_answered(Answered(answer, by="ann"))
