"""What the messages of an approval say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from awaken.approvals import ApprovalDocument, ApprovalFacts, ApprovalLink
from awaken.messages import compose_message

LINK = ApprovalLink("https://links.example.org/cb/token", "sign_1abc", "lead@example.com", 1_796_047_500_000)
EVIL = "<script>alert('x')</script>\"&\u202e\x00\x1b"


def message(kind: Any = "ask", **changes: Any) -> Any:
    given = {
        "name": "Pay invoice 4711?",
        "facts": ApprovalFacts(3, verdict_field="approved"),
        "document": ApprovalDocument(
            details="ACME sent it.",
            data={"amount": "1200.00", "vendor": {"name": "ACME", "open": True}, "tags": ["a", "b"]},
            schema={"type": "object", "properties": {"approved": {}}, "required": ["approved"]},
        ),
        "link": LINK,
    }
    return compose_message(kind, **{**given, **changes})


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_has_question_details_aligned_data_expiry_and_link() -> None:
    assert message().text == (
        "Pay invoice 4711?\n\n"
        "ACME sent it.\n\n"
        "  Amount         1200.00\n"
        "  Vendor › Name  ACME\n"
        "  Vendor › Open  yes\n"
        "  Tags           a, b\n\n"
        "Open until Monday, 30 November 2026, 14:05 UTC.\n\n"
        "Answer here: https://links.example.org/cb/token\n\n"
        "This link answers as lead@example.com. Keep it to yourself.\n"
    )


def test_buttons_are_links_to_the_form() -> None:
    assert Tags(message().html).links == [f"{LINK.url}?choose=approve", f"{LINK.url}?choose=reject", LINK.url]


def test_one_button_opens_the_form_of_an_answer_that_needs_more() -> None:
    schema = {"$ref": "#/$defs/D", "$defs": {"D": {"type": "object", "required": ["approved", "amount"]}}}

    asked = message(document=ApprovalDocument(schema=schema))

    assert not asked.is_yes_or_no
    assert Tags(asked.html).links == [LINK.url]


@pytest.mark.parametrize(
    ("facts", "schema", "expected"),
    [
        (ApprovalFacts(1), None, False),
        (ApprovalFacts(1, verdict_field="$"), {"type": "boolean"}, True),
        (ApprovalFacts(1, verdict_field="ok"), {"type": "object", "required": ["ok"]}, True),
        (ApprovalFacts(1, verdict_field="ok"), {"type": "object"}, True),
        (ApprovalFacts(1, verdict_field="ok"), {"type": "object", "required": ["ok", "why"]}, False),
        (ApprovalFacts(1, verdict_field="ok"), None, False),
    ],
)
def test_yes_or_no_is_a_whole_answer_if_nothing_else_is_required(
    facts: ApprovalFacts, schema: dict[str, Any] | None, expected: bool
) -> None:
    assert message(facts=facts, document=ApprovalDocument(schema=schema)).is_yes_or_no is expected


@pytest.mark.parametrize(
    ("kind", "title", "note"),
    [
        ("ask", "Pay invoice 4711?", ""),
        ("remind", "Reminder: Pay invoice 4711?", "This still waits for an answer."),
        ("escalate", "Escalated: Pay invoice 4711?", "Others did not answer in time, so you are asked."),
    ],
)
def test_kinds_say_why_they_come(kind: str, title: str, note: str) -> None:
    sent = message(kind)

    assert sent.title == title
    assert note in sent.text
    assert note in sent.html


@pytest.mark.parametrize(
    ("outcome", "title", "sentence"),
    [
        (
            {
                "is_approved": True,
                "by": "cfo@example.com",
                "at_ms": 1_796_047_500_000,
                "comment": "paid today",
            },
            "Approved: Pay invoice 4711?",
            "Approved by cfo@example.com on Monday, 30 November 2026, 14:05 UTC.\n\npaid today\n",
        ),
        ({"is_approved": False}, "Rejected: Pay invoice 4711?", "Rejected.\n"),
        ({}, "Expired: Pay invoice 4711?", "Nobody answered in time.\n"),
    ],
)
def test_decided_says_what_became_of_it(outcome: dict[str, Any], title: str, sentence: str) -> None:
    sent = message("decided", outcome=outcome)

    assert sent.title == title
    assert sentence in sent.text
    assert "Approve</a>" not in sent.html
    assert Tags(sent.html).links == [LINK.url]


def test_markup_in_every_field_is_text() -> None:
    document = ApprovalDocument(EVIL, EVIL, {EVIL: [EVIL, {EVIL: EVIL}]}, schema={"type": "boolean"})
    link = ApprovalLink(LINK.url, "sign_1abc", EVIL, LINK.expires_at_ms)

    for kind in ("ask", "remind", "escalate", "decided"):
        sent = message(
            kind, document=document, link=link, outcome={"is_approved": True, "by": EVIL, "comment": EVIL}
        )

        tags = Tags(sent.html)
        assert "script" not in tags.names
        assert "<script>alert('x')</script>\"&\\u202e\\x00\\x1b" in tags.text
        for text in (sent.html, sent.text, sent.title):
            assert not {"\u202e", "\x00", "\x1b"} & set(text)


def test_details_are_markdown() -> None:
    details = "**Big** [site](https://example.org)\n\n- one\n\n[x](javascript:alert) ![p](https://example.org/p.png)"

    html = message(document=ApprovalDocument(details=details)).html

    assert "<strong>Big</strong>" in html
    assert "<li>one</li>" in html
    assert Tags(html).links[0] == "https://example.org"
    assert not Tags(html).names & {"img", "script"}
    assert not any(link.startswith("javascript") for link in Tags(html).links)


def test_text_has_details_without_their_marks() -> None:
    details = (
        "# Big\n\n**Two** *new* `x` [site](https://example.org) <https://example.net> <a@example.org>\n\n"
        "- one\n- **two**\n\n2. b\n\n> said\n\n| a | b |\n|---|---|\n| 1 | **2** |\n\n```\na  = **b**\n```"
    )

    assert message(document=ApprovalDocument(details=details)).text.split("\n\n")[1:-2] == [
        "Big",
        "Two new x site (https://example.org) https://example.net a@example.org",
        "- one\n- two",
        "2. b",
        "> said",
        "a | b\n1 | 2",
        "    a  = **b**",
        "Open until Monday, 30 November 2026, 14:05 UTC.",
    ]


def test_details_with_many_brackets_are_sent_as_they_are() -> None:
    """Reading them as Markdown would take minutes."""
    details = "[**a**" * 20_000

    assert details in message(document=ApprovalDocument(details=details)).text


def test_records_are_lines() -> None:
    data = {"items": [{"what": "Laptop, 14 inch", "n": 2}, {"what": "<b>", "n": 1}]}

    sent = message(document=ApprovalDocument(data=data))

    assert (
        "  Items 1  What: Laptop, 14 inch\n           N: 2\n  Items 2  What: <b>\n           N: 1\n"
    ) in sent.text
    assert "What: Laptop, 14 inch<br>N: 2</td>" in sent.html
    assert "What: &lt;b&gt;<br>N: 1</td>" in sent.html


def test_subject_is_one_line() -> None:
    sent = message(document=ApprovalDocument(title="Pay\r\nBcc: all@example.com\n now?"))

    assert sent.title == "Pay Bcc: all@example.com now?"


def test_subject_keeps_joiners_and_no_controls() -> None:
    sent = message(document=ApprovalDocument(title="می\u200cخواهم 👩\u200d🚀\x00\u202e\u2028?"))

    assert sent.title == "می\u200cخواهم 👩\u200d🚀 ?"


def test_long_data_is_cut_short() -> None:
    rows = {f"field {number}": "x" * 5000 for number in range(1000)}

    sent = message(document=ApprovalDocument(data=rows))

    assert len(sent.text) < 300_000
    assert "of which 200 are shown" in sent.text


def test_anybody_is_told_nothing_about_a_person() -> None:
    sent = message(link=ApprovalLink(LINK.url, "sign_1abc", "", LINK.expires_at_ms))

    assert "answers as" not in sent.text + sent.html


def test_every_style_is_at_its_element() -> None:
    html = message(document=ApprovalDocument(data={"amount": 1}, schema={"required": ["approved"]})).html
    body = html.partition("<body")[2]

    assert not re.search(r"<(td|th|p|h1|a|div)(?![^>]*\bstyle=)[^>]*>.*?<", body.replace("<td><a", "<a"))
