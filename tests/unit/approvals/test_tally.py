"""Which answers count, and what they decide."""

from __future__ import annotations

import pytest
from awaken.approvals import (
    Answered,
    ApprovalFacts,
    Escalation,
    Refusal,
    Tally,
    describe_refusal,
    find_refusal,
    tally,
)
from awaken.approvals.people import find_among, same_person

YES = b'{"approved":true}'
NO = b'{"approved":false}'
FACTS = ApprovalFacts(
    5,
    quorum=2,
    verdict_field="approved",
    approvers=("lead@example.com", "cto@example.com", "group:finance"),
    not_by=("requester@example.com",),
    escalations=(Escalation(1_000, ("cfo@example.com", "lead@example.com")),),
)


def test_quorum_counts_approvals_of_different_people() -> None:
    twice = [Answered(YES, by="lead@example.com"), Answered(YES, by=" Lead@Example.com ")]
    assert not tally(FACTS, twice).is_decided

    decided = tally(FACTS, [*twice, Answered(YES, by="cto@example.com"), Answered(NO, by="cfo@example.com")])

    assert decided.is_approved
    assert (decided.approvals, decided.rejections, decided.used) == (2, 0, 3)
    assert decided.decisive == Answered(YES, by="cto@example.com")


def test_one_rejection_decides() -> None:
    decided = tally(
        FACTS, [Answered(YES, by="lead@example.com"), Answered(None, "too much", by="cto@example.com")]
    )

    assert decided.is_approved is False
    assert decided.decisive == Answered(None, "too much", by="cto@example.com")


def test_members_of_a_group_count_each() -> None:
    answers = [Answered(YES, by=name, groups=("finance",)) for name in ("ann", "bob")]

    assert tally(FACTS, answers).is_approved


BY_GROUP = Answered(YES, by="group:finance")
BY_CARL = Answered(YES, by="carl", groups=("Finance",))
BY_NAME = Answered(YES, by="ann", groups=("group:sales", "finance"))


@pytest.mark.parametrize(
    ("answers", "approvals"),
    [
        ([BY_GROUP, BY_CARL], 1),
        ([BY_CARL, BY_GROUP], 1),
        ([BY_CARL, BY_GROUP, BY_NAME], 2),
        ([BY_GROUP, Answered(YES, by="lead@example.com")], 2),
        ([BY_CARL, BY_NAME], 2),
        ([BY_GROUP, Answered(YES, by="Group: Finance")], 1),
    ],
)
def test_group_may_be_any_of_its_members(answers: list[Answered], approvals: int) -> None:
    assert tally(FACTS, answers).approvals == approvals


def test_doors_refuse_a_group_and_a_member_of_it() -> None:
    after_group, after_carl = tally(FACTS, [BY_GROUP]), tally(FACTS, [BY_CARL])

    assert find_refusal(FACTS, after_group, "carl", ("finance", "sales"), 0) is Refusal.TWICE
    assert find_refusal(FACTS, after_carl, "group:finance", (), 0) is Refusal.TWICE
    assert find_refusal(FACTS, after_group, "cto@example.com", (), 0) is None
    assert find_refusal(FACTS, after_carl, "ann", ("finance",), 0) is None


@pytest.mark.parametrize(
    ("person", "groups", "now_ms", "refusal"),
    [
        ("lead@example.com", (), 0, None),
        ("LEAD@example.com", (), 0, None),
        ("ann", ("finance",), 0, None),
        ("ann", ("group:finance",), 0, None),
        (None, (), 0, None),
        ("ann", ("sales",), 0, Refusal.NOT_ASKED),
        ("finance", (), 0, Refusal.NOT_ASKED),
        ("cfo@example.com", (), 999, Refusal.NOT_YET),
        ("cfo@example.com", (), 1_000, None),
        ("requester@example.com", ("finance",), 0, Refusal.EXCLUDED),
    ],
)
def test_who_may_answer(
    person: str | None, groups: tuple[str, ...], now_ms: int, refusal: Refusal | None
) -> None:
    assert find_refusal(FACTS, Tally(), person, groups, now_ms) is refusal


def test_unknown_people_count_as_one() -> None:
    so_far = tally(FACTS, [Answered(YES)])

    assert find_refusal(FACTS, so_far, None, (), 0) is Refusal.TWICE
    assert find_refusal(FACTS, so_far, "lead@example.com", (), 0) is None


def test_nothing_counts_after_the_decision() -> None:
    facts = ApprovalFacts(1, verdict_field="$")
    so_far = tally(facts, [Answered(b"false")])

    assert so_far.is_approved is False
    assert find_refusal(facts, so_far, "anyone", (), 0) is Refusal.DECIDED


@pytest.mark.parametrize(
    ("field", "answer", "is_yes"),
    [
        (None, b'"later"', True),
        (None, None, False),
        ("$", b"true", True),
        ("$", b"false", False),
        ("$", b"1", None),
        ("approved", b'{"approved":true}', True),
        ("approved", b'{"approved":false}', False),
        ("approved", None, False),
        ("approved", b"{}", None),
        ("approved", b'{"approved":"true"}', None),
        ("approved", b"[true]", None),
        ("approved", b"not JSON", None),
        ("approved", b"", None),
    ],
)
def test_what_means_yes(field: str | None, answer: bytes | None, is_yes: bool | None) -> None:
    assert tally(ApprovalFacts(1, verdict_field=field), [Answered(answer)]).is_approved is is_yes


def test_value_that_says_neither_leaves_the_room_to_its_sender() -> None:
    facts = ApprovalFacts(2, verdict_field="approved")

    decided = tally(facts, [Answered(b'"yes"', by="ann"), Answered(YES, by="ann")])

    assert (decided.is_approved, decided.used, len(decided.counted)) == (True, 2, 1)


@pytest.mark.parametrize("default", [True, False])
def test_missing_field_means_its_default(default: bool) -> None:
    facts = ApprovalFacts(1, verdict_field="approved", verdict_default=default)

    assert tally(facts, [Answered(b"{}")]).is_approved is default


def test_reasons_name_the_person() -> None:
    assert describe_refusal(Refusal.NOT_ASKED, "ann") == "ann was not asked to answer this"
    assert describe_refusal(Refusal.TWICE, None).startswith("Somebody unknown has answered")
    assert describe_refusal(Refusal.DECIDED, "ann") == "This is decided already"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("jos\u00e9@example.com", "Jose\u0301@example.com ", True),
        ("J\u00dcRGEN", "Ju\u0308rgen", True),
        ("\u0412\u0415\u0420\u0410", "\u0432\u0435\u0440\u0430", True),
        ("strasse@example.com", "stra\u00dfe@example.com", False),
        ("kim@example.com", "\u212aim@example.com", False),
        ("Kim@example.com", "\u212aim@example.com", False),
        ("sam@example.com", "\u017fam@example.com", False),
        ("fin@example.com", "\ufb01n@example.com", False),
        ("group:Finance", "Group: finance", True),
        ("group:finance", "finance", False),
        ("ann", "\uff41nn", False),
        (None, None, True),
        (None, "", False),
    ],
)
def test_names_of_one_person(one: str | None, other: str | None, is_same: bool) -> None:
    assert same_person(one, other) is is_same


@pytest.mark.parametrize("group", ["finance", "Group:Finance", " finance", "group: finance"])
def test_names_of_one_group(group: str) -> None:
    assert find_among("ann", [group], ["bob", "group:finance"]) == "group:finance"
