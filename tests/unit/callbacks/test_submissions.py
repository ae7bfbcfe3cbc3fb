"""What forms say: answers, rejections, and lists that grow and shrink without JavaScript."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from awaken.callbacks.form_values import MOST_ITEMS, MOST_SENT, fill_form
from awaken.callbacks.form_view import FormView
from awaken.callbacks.forms import form_of
from awaken.callbacks.page import render_answer_form
from awaken.callbacks.submission import read_submission
from awaken.control.answers import schema_of_answer
from awaken.control.operations import Failure
from pydantic import BaseModel, Field


@dataclass
class Line:
    item: str
    quantity: int = 1
    notes: list[str] = field(default_factory=list)


@dataclass
class Order:
    approved: bool
    tags: list[str]
    lines: list[Line] = field(default_factory=list)
    comment: str = ""


class Strict(BaseModel):
    approved: bool
    codes: list[Annotated[str, Field(pattern="^[A-Z]+$")]] = Field(default_factory=list)
    names: Annotated[list[str], Field(max_length=2)] = Field(default_factory=list)


FORM = form_of(schema_of_answer(Order))


def press(sent: dict[str, str], do: str) -> dict[str, str]:
    """Return what stands in the form after a button that answers nothing."""
    submission = read_submission(sent | {"do": do}, FORM, Order)
    assert submission.result is None
    assert submission.problems == ()
    return submission.form


def test_list_grows_and_keeps_what_was_typed() -> None:
    sent = fill_form(FORM.fields) | {"field.tags.0": "a", "field.comment": "fine"}

    grown = press(press(sent, "add field.tags"), "add field.lines")

    assert (grown["field.tags.#"], grown["field.lines.#"], grown["field.tags.0"]) == ("2", "1", "a")
    assert (grown["field.lines.0.quantity"], grown["field.comment"]) == ("1", "fine")


def test_list_shrinks_in_its_middle() -> None:
    sent = {"field.tags.#": "3"} | {f"field.tags.{number}": text for number, text in enumerate("abc")}
    sent |= {"field.lines.#": "2", "field.lines.0.item": "x", "field.lines.1.item": "y"}
    sent |= {"field.lines.1.notes.#": "1", "field.lines.1.notes.0": "n"}

    shrunk = press(press(sent, "remove field.tags.1"), "remove field.lines.0")

    assert [shrunk.get(f"field.tags.{number}") for number in range(3)] == ["a", "c", None]
    assert (shrunk["field.lines.0.item"], shrunk["field.lines.0.notes.0"]) == ("y", "n")
    assert (shrunk["field.lines.#"], "field.lines.1.item" in shrunk) == ("1", False)


def test_items_that_were_left_blank_are_none() -> None:
    sent = fill_form(FORM.fields) | {"field.tags.#": "3", "field.tags.1": "b"}
    sent |= {"field.lines.#": "2", "field.lines.0.quantity": "1", "field.lines.1.item": "x"}
    sent |= {"field.lines.1.quantity": "4", "field.lines.1.notes.#": "2", "field.lines.1.notes.1": "n"}

    submission = read_submission(sent | {"do": "yes"}, FORM, Order)

    assert submission.problems == ()
    assert isinstance(submission.result, bytes)
    assert json.loads(submission.result) == {
        "approved": True,
        "tags": ["b"],
        "lines": [{"item": "x", "quantity": 4, "notes": ["n"]}],
    }


def test_problem_of_an_item_is_beside_the_item_that_is_shown_again() -> None:
    form = form_of(schema_of_answer(Strict))
    sent = {"field.codes.#": "3", "field.codes.1": "OK", "field.codes.2": "not", "do": "no"}

    submission = read_submission(sent, form, Strict)
    page = render_answer_form(FormView(form, submission.form, submission.problems), "t")

    assert [one.path for one in submission.problems] == ["$.codes[1]"]
    assert submission.form["field.codes.1"] == "not"
    assert page.count('aria-invalid="true"') == 1
    assert 'aria-describedby="f-field_2e_codes_2e_1-problem"' in page


def test_lists_have_an_end() -> None:
    form = form_of(schema_of_answer(Strict))
    codes, names = fill_form(form.fields), {"field.names.#": "1"}
    for _ in range(100):
        for sent, name in ((codes, "codes"), (names, "names")):
            sent |= read_submission(sent | {"do": f"add field.{name}"}, form, Strict).form

    assert (codes["field.codes.#"], names["field.names.#"]) == (str(MOST_ITEMS), "2")
    assert "add field.names" not in render_answer_form(FormView(form, names), "t")


def test_size_of_a_list_is_checked_as_everything_that_comes_from_outside() -> None:
    for size in ("-1", "9" * 5000, "x", "", "²", "100000"):
        submission = read_submission({"field.tags.#": size, "do": "yes"}, FORM, Order)

        assert submission.problems == (), size
        assert isinstance(submission.result, bytes)


def test_verdict_is_the_button_and_nothing_else() -> None:
    sent = {"field.tags.#": "0"}

    answers = [
        read_submission(sent | {"do": do}, FORM, Order) for do in ("yes", "no", "resolve", "maybe", "")
    ]

    results = [json.loads(one.result) if isinstance(one.result, bytes) else None for one in answers]
    assert [result and result["approved"] for result in results] == [True, False, None, None, None]
    assert [one.problems[0].message for one in answers[2:]] == [
        "choose yes or no",
        "press one of the two buttons",
        "press one of the two buttons",
    ]


def test_buttons_have_the_words_of_their_field() -> None:
    def words(name: str, title: str | None = None) -> str:
        schema: Any = {"type": "object", "properties": {name: {"type": "boolean"}}, "required": [name]}
        schema["properties"][name] |= {"title": title} if title else {}
        form = form_of(schema)
        return render_answer_form(FormView(form, {}), "t")

    approve, accept, gift = words("approved"), words("is_accepted"), words("is_gift", "Is it a gift?")

    assert ("Approve</button>" in approve, "Reject</button>" in approve) == (True, True)
    assert ("Accept</button>" in accept, "Decline</button>" in accept) == (True, True)
    assert ("Yes</button>" in gift, "No</button>" in gift) == (True, True)
    assert '<legend class="field-label">Is it a gift?</legend>' in gift
    assert not any("Reject instead" in page for page in (approve, accept, gift))
    assert "Reject instead" in render_answer_form(FormView(form_of({"type": "integer"}), {}), "t")


def test_chosen_button_is_highlighted_only() -> None:
    plain, chosen = (render_answer_form(FormView(FORM, {}, chosen=one), "t") for one in ("other", "reject"))

    assert "is-highlighted" not in plain
    assert 'is-danger is-highlighted" name="do" value="no"' in chosen


def test_rejection_has_its_reason() -> None:
    form = form_of({"type": "integer"})

    rejected = read_submission({"do": "reject", "reason": "no budget"}, form, int)
    refused = read_submission({"do": "reject", "reason": "x" * 1001}, form, int)
    page = render_answer_form(FormView(form, refused.form, refused.problems), "t")

    assert rejected.result == Failure(500, "no budget")
    assert refused.problems[0].message == "it has 1001 characters, and at most 1000 are accepted"
    assert ('<details class="fold" open>' in page, "x" * 1001 in page) == (True, True)


def test_list_that_is_too_long_for_a_form_is_not_cut() -> None:
    tags = [str(number) for number in range(MOST_ITEMS + 1)]
    initial = {"approved": True, "tags": tags, "lines": [{"item": tag} for tag in tags]}

    filled = fill_form(FORM.fields, initial)
    page = render_answer_form(FormView(FORM, filled), "t")
    submission = read_submission(filled | {"do": "yes"}, FORM, Order)

    assert page.count("<textarea") == 3
    assert isinstance(submission.result, bytes)
    assert json.loads(submission.result) == initial


def test_forms_stay_as_small_as_a_browser_may_send() -> None:
    sent = {"field.lines.#": "50"} | {f"field.lines.{number}.notes.#": "50" for number in range(50)}

    refused = read_submission(sent | {"do": "add field.lines"}, FORM, Order)
    full = {f"other{number}": "" for number in range(MOST_SENT)} | {"field.tags.#": "1"}

    assert "2550 items" in refused.problems[0].message
    assert refused.form == {}
    assert press(full, "add field.tags")["field.tags.#"] == "1"
    assert "add field.tags" not in render_answer_form(FormView(FORM, full), "t")


@dataclass
class Limits:
    most: int = 3


@dataclass
class Plan:
    limits: Limits | None = None
    others: Limits | None = None


def test_group_of_defaults_is_not_none() -> None:
    form = form_of(schema_of_answer(Plan))
    filled = fill_form(form.fields, {"limits": {"most": 3}})

    page = render_answer_form(FormView(form, filled), "t")
    answers = [
        read_submission(filled | change, form, Plan)
        for change in (
            {"do": "resolve"},
            {"do": "resolve", "field.limits.most": ""},
            {"do": "resolve", "field.others.most": "4"},
        )
    ]

    assert 'name="field.limits.#" value="1"' in page
    assert [json.loads(one.result) for one in answers if isinstance(one.result, bytes)] == [
        {"limits": {"most": 3}},
        {},
        {"limits": {"most": 3}, "others": {"most": 4}},
    ]
