"""Messages in Slack, against a workspace over HTTP that keeps Slack's limits."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from awaken.approvals import ApprovalDocument, ApprovalFacts, ApprovalLink
from awaken.errors import RetryableError, TerminalError, UsageError
from awaken.messages import compose_message
from awaken.notify import Slack
from awaken.notify.slack import slack_from_environment

from tests.fake_slack import SECRET, TOKEN, FakeSlack, fits, text_of, user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awaken.approvals import ApprovalMessage

pytestmark = pytest.mark.slow
URL = "https://links.example.org/cb/token"
DECIDED = {
    "is_approved": True,
    "by": "cfo@example.com",
    "at_ms": 1_796_047_500_000,
    "comment": "paid <today>",
}


def message(kind: Any = "ask", person: str = "lead@example.com", **given: Any) -> ApprovalMessage:
    document = given.pop(
        "document",
        ApprovalDocument(details="**ACME** sent it.", data={"amount": "1200.00", "due_on": "Monday"}),
    )
    facts = given.pop("facts", ApprovalFacts(2, verdict_field="$"))
    link = ApprovalLink(URL, given.pop("id", "sign_1abc"), person, 1_796_047_500_000)
    return compose_message(kind, name="Pay <4711>?", facts=facts, document=document, link=link, **given)


@pytest.fixture
def workspace() -> Iterator[FakeSlack]:
    users = [user("U0001", "lead@example.com"), user("U0002", "cfo@example.com")]
    with FakeSlack(users, {"finance": "C0001"}) as workspace:
        yield workspace


@pytest.fixture
def slack(workspace: FakeSlack) -> Slack:
    return Slack(TOKEN, SECRET, groups={"finance": "#finance", "lost": "#lost"}, url=workspace.url)


async def test_person_gets_question_facts_and_buttons(workspace: FakeSlack, slack: Slack) -> None:
    await slack(message())

    (posted,) = workspace.messages["D0001"]
    assert text_of(posted["blocks"]).splitlines() == [
        "*Pay &lt;4711&gt;?*",
        "*ACME* sent it.",
        "*Amount*",
        "1200.00",
        "*Due on*",
        "Monday",
        "[Approve]",
        "[Reject]",
        "[Open]",
        "Open until <!date^1796047500^{date_long_pretty}, {time}|Monday, 30 November 2026, 14:05 UTC>",
    ]
    approve, reject, opening = posted["blocks"][3]["elements"]
    assert approve["value"] == reject["value"] == "token"
    assert opening["url"] == URL
    assert posted["text"] == "Pay &lt;4711&gt;?", "else Slack takes it for a link, or for @channel"


async def test_buttons_are_links_where_no_route_receives_clicks(workspace: FakeSlack) -> None:
    await Slack(TOKEN, url=workspace.url)(message())

    (posted,) = workspace.messages["D0001"]
    assert [one["url"] for one in posted["blocks"][3]["elements"]] == [
        f"{URL}?choose=approve",
        f"{URL}?choose=reject",
        URL,
    ]


async def test_answer_that_needs_more_has_one_button(workspace: FakeSlack, slack: Slack) -> None:
    await slack(message(facts=ApprovalFacts(2)))

    (posted,) = workspace.messages["D0001"]
    (opening,) = next(one for one in posted["blocks"] if one["type"] == "actions")["elements"]
    assert (opening["text"]["text"], opening["url"], opening["style"]) == ("Open", URL, "primary")


@pytest.mark.parametrize("channel", ["#finance", "C0001"])
async def test_group_has_a_channel(workspace: FakeSlack, channel: str) -> None:
    slack = Slack(TOKEN, SECRET, groups={"group:finance": channel}, url=workspace.url)

    await slack(message(person="group:finance"))

    assert len(workspace.messages["C0001"]) == 1


async def test_person_by_id(workspace: FakeSlack, slack: Slack) -> None:
    await slack(message(person="U0002"))

    assert len(workspace.messages["D0002"]) == 1
    assert "users.lookupByEmail" not in workspace.calls


async def test_reminder_stands_below_the_question(workspace: FakeSlack, slack: Slack) -> None:
    await slack(message())
    await slack(message(id="sign_1other"))

    await slack(message("remind"))

    asked, _, reminder = workspace.messages["D0001"]
    assert reminder["thread_ts"] == asked["ts"]
    assert "Reminder: Pay" in text_of(reminder["blocks"])
    assert "ACME" not in text_of(reminder["blocks"])


async def test_escalation_to_somebody_new_is_a_message_of_its_own(workspace: FakeSlack, slack: Slack) -> None:
    await slack(message("escalate", "cfo@example.com"))

    (posted,) = workspace.messages["D0002"]
    assert "thread_ts" not in posted
    assert "ACME" in text_of(posted["blocks"])


async def test_decision_rewrites_the_question(workspace: FakeSlack, slack: Slack) -> None:
    await slack(message())
    await slack(message("remind"))

    await slack(message("decided", outcome=DECIDED))

    asked, _ = workspace.messages["D0001"]
    text = text_of(asked["blocks"])
    assert asked["edited"]
    assert "*Approved: Pay &lt;4711&gt;?*" in text
    assert "✅ Approved by cfo@example.com, <!date^1796047500^" in text
    assert "paid &lt;today&gt;" in text
    assert "[Approve]" not in text


async def test_decision_is_a_new_message_if_the_app_cannot_read_the_old_one(
    workspace: FakeSlack, slack: Slack
) -> None:
    await slack(message())
    workspace.errors["conversations.history"] = "missing_scope"

    await slack(message("decided", outcome={"is_approved": None}))

    assert "⌛ Nobody answered in time" in workspace.texts("D0001")[1]


async def test_everything_large_and_odd_fits(workspace: FakeSlack, slack: Slack) -> None:
    evil = "<!channel> &amp; <script>*_`|\u202e\x00"
    data = {f"{evil} {number}": evil * 200 for number in range(500)}
    document = ApprovalDocument(evil * 10, (evil + " [x](https://example.org/a?b=1&c=2) ") * 800, data)

    await slack(message(document=document))
    await slack(message("decided", document=document, outcome={**DECIDED, "comment": evil * 900, "by": evil}))

    (posted,) = workspace.messages["D0001"]
    assert fits(posted["blocks"])
    assert "<!channel" not in str(posted)
    assert "\u202e" not in str(posted["blocks"])


@pytest.mark.parametrize(
    "document",
    [ApprovalDocument(details="[order]: https://example.org/4711"), ApprovalDocument(details=" ", data="")],
)
async def test_what_shows_nothing_is_left_out(
    workspace: FakeSlack, slack: Slack, document: ApprovalDocument
) -> None:
    await slack(message(document=document))

    assert [one["type"] for one in workspace.messages["D0001"][0]["blocks"]] == [
        "section",
        "actions",
        "context",
    ]


@pytest.mark.parametrize(
    ("method", "code", "kind", "text"),
    [
        (
            "users.lookupByEmail",
            "users_not_found",
            TerminalError,
            "find lead@example.com in Slack: .*name another",
        ),
        ("users.lookupByEmail", "missing_scope", RetryableError, "missing_scope.*add the scope"),
        ("chat.postMessage", "ratelimited", RetryableError, "no more calls of chat.postMessage for 31 s"),
        ("chat.postMessage", "not_in_channel", RetryableError, "/invite @app"),
        ("chat.postMessage", "internal_error", RetryableError, "internal_error; see https://docs.slack.dev"),
    ],
)
async def test_errors_of_slack_say_what_to_do(
    workspace: FakeSlack, slack: Slack, method: str, code: str, kind: type[Exception], text: str
) -> None:
    workspace.errors[method] = code
    workspace.retry_after_s = 31

    with pytest.raises(kind, match=text) as caught:
        await slack(message())

    assert TOKEN not in str(caught.value)


async def test_call_that_slack_puts_off_is_made_later(workspace: FakeSlack, slack: Slack) -> None:
    workspace.errors["chat.postMessage"] = "ratelimited"
    workspace.once.add("chat.postMessage")
    workspace.retry_after_s = 1

    await slack(message())

    assert len(workspace.messages["D0001"]) == 1


async def test_wrong_token(workspace: FakeSlack) -> None:
    with pytest.raises(RetryableError, match="invalid_auth; correct the token") as caught:
        await Slack("xoxb-wrong", SECRET, url=workspace.url)(message())

    assert "xoxb-wrong" not in str(caught.value)


async def test_slack_that_cannot_be_reached() -> None:
    with FakeSlack() as gone:
        url = gone.url

    with pytest.raises(RetryableError, match="cannot be reached"):
        await Slack(TOKEN, SECRET, url=url)(message())


@pytest.mark.parametrize(
    ("person", "kind", "text"),
    [
        ("group:legal", UsageError, "group:legal has no address"),
        ("", UsageError, "nobody in particular"),
        ("lead", UsageError, "'lead' is nobody that Slack knows"),
        ("#finance", UsageError, "#finance is a channel, and channels do not answer; name a group"),
        ("group:lost", TerminalError, "no channel #lost"),
    ],
)
async def test_people_whom_nobody_knows(slack: Slack, person: str, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        await slack(message(person=person))


async def test_slow_slack_does_not_stop_the_loop(workspace: FakeSlack, slack: Slack) -> None:
    workspace.delay_s = 0.1
    posting = asyncio.create_task(slack(message()))
    turns = 0
    while not posting.done():
        turns += 1
        await asyncio.sleep(0.01)

    assert turns > 10
    await posting


async def test_identity_is_vouched_for_by_the_own_workspace(workspace: FakeSlack, slack: Slack) -> None:
    workspace.users += [
        user("U0003", "lead@example.com", team_id="T0002"),
        user("U0004", "lead@example.com", is_stranger=True),
        user("U0005", "lead@example.com", deleted=True),
        user("U0006", "lead@example.com", is_bot=True),
        user("U0007", "lead@example.com", is_email_confirmed=False),
        user("U0008", ""),
        user("U0009", "grid@example.com", team_id="E1", enterprise_user={"teams": ["T0001"]}),
    ]

    found = [(await slack.people.identify(f"U000{number}")) for number in range(1, 10)]

    assert [one.email for one in found] == [
        "lead@example.com",
        "cfo@example.com",
        *[None] * 6,
        "grid@example.com",
    ]
    assert all(one.problem for one in found if one.email is None)


@pytest.mark.parametrize(("token", "secret"), [("", "x"), ("x", ""), ("x", " "), ("a\nb", "x"), ("ä", "x")])
def test_empty_or_odd_secrets_are_errors(token: str, secret: str) -> None:
    with pytest.raises(ValueError, match="for Slack is empty, or has characters that none has"):
        Slack(token, secret)


def test_text_of_a_notifier_has_no_secrets() -> None:
    assert repr(Slack(TOKEN, SECRET)) == "Slack(url='https://slack.com/api/')"


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"AWAKEN_SLACK_TOKEN": "x"}, "AWAKEN_SLACK_TOKEN is set and AWAKEN_SLACK_SIGNING_SECRET is not"),
        (
            {"AWAKEN_SLACK_SIGNING_SECRET": "x"},
            "AWAKEN_SLACK_SIGNING_SECRET is set and AWAKEN_SLACK_TOKEN is not",
        ),
    ],
)
def test_half_a_configuration_is_an_error(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], text: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ValueError, match=text):
        slack_from_environment()


def test_environment_configures_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slack_from_environment() is None
    monkeypatch.setenv("AWAKEN_SLACK_TOKEN", TOKEN)
    monkeypatch.setenv("AWAKEN_SLACK_SIGNING_SECRET", SECRET)
    monkeypatch.setenv("AWAKEN_SLACK_URL", "https://slack-gov.com/api")

    assert repr(slack_from_environment()) == "Slack(url='https://slack-gov.com/api/')"


def test_missing_package_is_named() -> None:
    code = (
        "import sys; sys.modules['slack_sdk'] = None\n"
        "from awaken.notify import Email, Slack\n"
        "try: Slack('x', 'y')\nexcept ImportError as error: print(error)"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "pip install 'awaken[slack]'" in printed
