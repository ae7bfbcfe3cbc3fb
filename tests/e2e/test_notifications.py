"""Approvals by mail and in Slack, from the handler over a real SMTP server or Slack's Web API, and back again."""

from __future__ import annotations

import asyncio
import copy
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.callbacks import create_callback_app
from awaken.control.remote import connect_runtime
from awaken.notify import Slack

from tests.e2e.services.callbacks import SETTINGS
from tests.e2e.waiting import eventually
from tests.fake_slack import SECRET, TOKEN, FakeSlack, signed, text_of, user
from tests.smtp_server import SmtpServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.e2e.lanes import Lane

LEAD, CFO, THIRD = "U0001", "U0002", "U0003"


@pytest.fixture
def workspace() -> Iterator[FakeSlack]:
    users = [user(LEAD, "lead@example.com"), user(CFO, "cfo@example.com"), user(THIRD, "third@example.com")]
    with FakeSlack(users, {"finance": "C0001"}) as workspace:
        yield workspace


@pytest.fixture
def mails() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@asynccontextmanager
async def browse(lane: Lane, slack: Slack | None = None) -> AsyncIterator[httpx.AsyncClient]:
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    app = create_callback_app(settings=SETTINGS, operations=runtime, slack=slack)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as browser:
        yield browser
    await runtime.close()


@asynccontextmanager
async def clicking(lane: Lane, workspace: FakeSlack) -> AsyncIterator[Any]:
    """Return what clicks a button of a message as a user, and returns the status and what Slack was told."""
    async with browse(lane, Slack(TOKEN, SECRET, url=workspace.url)) as slack:

        async def click(message: dict[str, Any], button: str, user_id: str) -> tuple[int, dict[str, Any]]:
            body = workspace.click(message, button, user_id)
            before = len(workspace.responses)
            response = await slack.post("/slack", content=body, headers=signed(body))
            await until(lambda: len(workspace.responses) > before)
            return response.status_code, workspace.responses[-1]

        yield click


async def until(is_true: Any) -> Any:
    for _ in range(1000):
        if found := is_true():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


def posted(workspace: FakeSlack, conversation: str, count: int = 1) -> list[dict[str, Any]]:
    def find() -> list[dict[str, Any]]:
        found = workspace.messages.get(conversation, [])
        return copy.deepcopy(found) if len(found) >= count else []

    return eventually(find, what=f"{count} messages in {conversation}")


async def test_person_approves_by_click(lane: Lane, workspace: FakeSlack) -> None:
    invocation = lane.client.send(
        "Notified/pay", {"approvers": ["lead@example.com"], "slack_url": workspace.url}
    )
    (message,) = await asyncio.to_thread(posted, workspace, "D0001")

    async with clicking(lane, workspace) as click:
        status, said = await click(message, "Approve", LEAD)

    assert status == 200
    assert said["replace_original"] is True
    assert "✅ Approved by lead@example.com" in text_of(said["blocks"])
    assert "[Approve]" not in text_of(said["blocks"])
    result = await asyncio.to_thread(lane.client.attach, invocation)
    assert result == {
        "approved": True,
        "comment": "",
        "by": "lead@example.com",
        "via": "slack",
        "all": ["lead@example.com"],
    }
    assert "*Approved: Pay &lt;invoice&gt; 4711?*" in workspace.texts("D0001")[0]


async def test_person_rejects_by_click(lane: Lane, workspace: FakeSlack) -> None:
    invocation = lane.client.send(
        "Notified/pay", {"approvers": ["lead@example.com"], "slack_url": workspace.url}
    )
    (message,) = await asyncio.to_thread(posted, workspace, "D0001")

    async with clicking(lane, workspace) as click:
        _, said = await click(message, "Reject", LEAD)

    assert "⛔ Rejected by lead@example.com" in text_of(said["blocks"])
    assert (await asyncio.to_thread(lane.client.attach, invocation))["approved"] is False


async def test_person_named_by_account_answers_as_that(lane: Lane, workspace: FakeSlack) -> None:
    invocation = lane.client.send("Notified/pay", {"approvers": [LEAD], "slack_url": workspace.url})
    (message,) = await asyncio.to_thread(posted, workspace, "D0001")

    async with clicking(lane, workspace) as click:
        _, other = await click(message, "Approve", CFO)
        await click(message, "Approve", LEAD)

    assert other["text"] == "cfo@example.com was not asked to answer this."
    assert (await asyncio.to_thread(lane.client.attach, invocation))["by"] == LEAD


async def test_members_of_a_channel_answer_for_their_group_until_enough_have(
    lane: Lane, workspace: FakeSlack
) -> None:
    invocation = lane.client.send(
        "Notified/pay", {"approvers": ["group:finance"], "slack_url": workspace.url, "quorum": 2}
    )
    (message,) = await asyncio.to_thread(posted, workspace, "C0001")

    async with clicking(lane, workspace) as click:
        _, first = await click(message, "Approve", LEAD)
        _, again = await click(message, "Approve", LEAD)
        _, second = await click(message, "Approve", CFO)
        _, late = await click(message, "Reject", THIRD)

    assert "✅ Approved by lead@example.com" in text_of(first["blocks"])
    assert "1 more has to approve" in text_of(first["blocks"])
    assert "[Approve]" in text_of(first["blocks"])
    assert again["response_type"] == "ephemeral"
    assert "lead@example.com has answered already" in again["text"]
    assert "✅ Approved by cfo@example.com" in text_of(second["blocks"])
    assert "[Approve]" not in text_of(second["blocks"])
    assert "✅ Approved by cfo@example.com" in text_of(late["blocks"])
    result = await asyncio.to_thread(lane.client.attach, invocation)
    assert result["all"] == ["lead@example.com", "cfo@example.com"]


async def test_somebody_who_was_not_asked_learns_why_the_click_does_not_count(
    lane: Lane, workspace: FakeSlack
) -> None:
    invocation = lane.client.send(
        "Notified/pay", {"approvers": ["lead@example.com"], "slack_url": workspace.url}
    )
    (message,) = await asyncio.to_thread(posted, workspace, "D0001")
    workspace.users.append(user("U0009", "lead@example.com", team_id="T9999"))

    async with clicking(lane, workspace) as click:
        _, stranger = await click(message, "Approve", THIRD)
        _, foreign = await click(message, "Approve", "U0009")

        assert stranger["text"] == "third@example.com was not asked to answer this."
        assert "you belong to another organisation" in foreign["text"]
        assert not lane.client.is_completed(invocation)
        await click(message, "Approve", LEAD)

    assert (await asyncio.to_thread(lane.client.attach, invocation))["by"] == "lead@example.com"


async def test_replayed_clicks_change_nothing(lane: Lane, workspace: FakeSlack) -> None:
    invocation = lane.client.send(
        "Notified/pay", {"approvers": ["group:finance"], "slack_url": workspace.url, "quorum": 2}
    )
    (message,) = await asyncio.to_thread(posted, workspace, "C0001")
    body = workspace.click(message, "Approve", LEAD)
    headers = signed(body)

    async with browse(lane, Slack(TOKEN, SECRET, url=workspace.url)) as slack:
        await asyncio.gather(*(slack.post("/slack", content=body, headers=headers) for _ in range(5)))
        await until(lambda: len(workspace.responses) == 5)

        assert sum("replace_original" in one and one["replace_original"] for one in workspace.responses) == 1
        assert not lane.client.is_completed(invocation)
        body = workspace.click(message, "Approve", CFO)
        await slack.post("/slack", content=body, headers=signed(body))

    result = await asyncio.to_thread(lane.client.attach, invocation)
    assert result["all"] == ["lead@example.com", "cfo@example.com"]


async def test_slow_slack_is_acknowledged_in_time(lane: Lane, workspace: FakeSlack) -> None:
    invocation = lane.client.send(
        "Notified/pay", {"approvers": ["lead@example.com"], "slack_url": workspace.url}
    )
    (message,) = await asyncio.to_thread(posted, workspace, "D0001")
    body = workspace.click(message, "Approve", LEAD)
    workspace.delay_s = 1.5

    async with browse(lane, Slack(TOKEN, SECRET, url=workspace.url)) as slack:
        async with asyncio.timeout(3):
            response = await slack.post("/slack", content=body, headers=signed(body))
        await until(lambda: workspace.responses)

    workspace.delay_s = 0
    assert response.status_code == 200
    assert (await asyncio.to_thread(lane.client.attach, invocation))["approved"] is True


async def test_reminder_and_escalation_and_an_answer_by_the_link_of_a_mail(
    lane: Lane, mails: SmtpServer
) -> None:
    invocation = lane.client.send(
        "Notified/pay",
        {
            "approvers": ["lead@example.com", "group:finance"],
            "smtp_url": mails.url(),
            "remind_after_s": 1.5,
            "escalate": ["cfo@example.com"],
        },
    )
    await until(lambda: len(mails.mails) >= 5)

    subjects = sorted((mail["To"], mail["Subject"]) for mail in mails.mails)
    assert subjects == [
        ("cfo@example.com", "Escalated: Pay <invoice> 4711?"),
        ("finance-list@example.com", "Pay <invoice> 4711?"),
        ("finance-list@example.com", "Reminder: Pay <invoice> 4711?"),
        ("lead@example.com", "Pay <invoice> 4711?"),
        ("lead@example.com", "Reminder: Pay <invoice> 4711?"),
    ]
    escalated = next(mail for mail in mails.mails if mail["To"] == "cfo@example.com")
    found = re.search(r"http://localhost/callbacks(/\S+)", part(escalated, "plain"))
    assert found is not None
    async with browse(lane) as browser:
        opened = [
            await browser.get(f"{found[1]}{choice}") for choice in ("?choose=approve", "?choose=reject", "")
        ]
        assert [page.status_code for page in opened] == [200] * 3
        assert not lane.client.is_completed(invocation)
        answered = await browser.post(found[1], json={"approved": True, "comment": "go"})

    assert answered.status_code == 200
    result = await asyncio.to_thread(lane.client.attach, invocation)
    assert (result["by"], result["via"], result["comment"]) == ("cfo@example.com", "link", "go")
    decided = [mail for mail in mails.mails if mail["Subject"].startswith("Approved:")]
    assert {mail["To"] for mail in decided} >= {"lead@example.com", "finance-list@example.com"}
    assert all("Approved by cfo@example.com" in part(mail, "plain") for mail in decided)
    assert len({mail["Message-ID"] for mail in mails.mails}) == len(mails.mails)


async def test_mail_that_a_crash_repeats_is_the_same_mail(private_lane: Lane, mails: SmtpServer) -> None:
    mails.delay_s = 30
    invocation = private_lane.client.send(
        "Notified/pay", {"approvers": ["lead@example.com"], "smtp_url": mails.url()}
    )
    await until(lambda: mails.mails)  # the server has it, and the handler does not know
    private_lane.endpoint.kill()
    mails.delay_s = 0
    await asyncio.to_thread(private_lane.endpoint.start)
    await until(lambda: len(mails.mails) == 2)

    first, second = mails.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert part(first, "plain") == part(second, "plain")
    found = re.search(r"http://localhost/callbacks(/\S+)", part(second, "plain"))
    assert found is not None
    async with browse(private_lane) as browser:
        answered = await browser.post(found[1], json={"approved": True})
    assert answered.status_code == 200
    assert (await asyncio.to_thread(private_lane.client.attach, invocation))["by"] == "lead@example.com"


def part(mail: Any, kind: str) -> str:
    return str(mail.get_body((kind,)).get_content())


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-signature": "v0=" + "0" * 64},
        {"x-slack-signature": "é"},
        {"x-slack-signature": ""},
        {"x-slack-request-timestamp": "0"},
        {"x-slack-request-timestamp": "now"},
        {"x-slack-request-timestamp": "9" * 30},
    ],
)
async def test_request_that_slack_did_not_sign_is_refused(
    lane: Lane, workspace: FakeSlack, change: dict[str, str]
) -> None:
    body = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
    async with browse(lane, Slack(TOKEN, SECRET, url=workspace.url)) as slack:
        headers = [(name.encode(), value.encode()) for name, value in {**signed(body), **change}.items()]
        refused = await slack.post("/slack", content=body, headers=headers)
        unsigned = await slack.post("/slack", content=body)
        other = await slack.post("/slack", content=body + b"x", headers=signed(body))

    assert (refused.status_code, unsigned.status_code, other.status_code) == (401, 401, 401)
    assert workspace.calls == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"payload=%7B%22type%22%3A%22view_submission%22%7D", 200),
        (b"payload=" + b"%5B" * 3000, 400),
        (b"payload=1", 400),
        (b"payload=%7B%22type%22%3A%22block_actions%22%7D", 400),
        (b"", 400),
        (b"\xff\xfe", 401),
        (b"payload=" + b"x" * 1_100_000, 413),
    ],
)
async def test_signed_nonsense_is_refused(lane: Lane, workspace: FakeSlack, body: bytes, status: int) -> None:
    async with browse(lane, Slack(TOKEN, SECRET, url=workspace.url)) as slack:
        response = await slack.post("/slack", content=body, headers=signed(body))

    assert response.status_code == status


async def test_button_of_a_link_that_this_process_did_not_sign(lane: Lane, workspace: FakeSlack) -> None:
    lane.client.send("Notified/pay", {"approvers": ["lead@example.com"], "slack_url": workspace.url})
    (message,) = await asyncio.to_thread(posted, workspace, "D0001")
    for element in next(one for one in message["blocks"] if one["type"] == "actions")["elements"]:
        element["value"] = "eyJhbGciOiJub25lIn0.e30."

    async with clicking(lane, workspace) as click:
        _, said = await click(message, "Approve", LEAD)

    assert said["text"] == "This message is not known here any more."
