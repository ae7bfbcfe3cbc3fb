"""Messages as mails, over a real SMTP server."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from awaken.approvals import ApprovalDocument, ApprovalFacts, ApprovalLink
from awaken.errors import RetryableError, TerminalError, UsageError
from awaken.messages import compose_message
from awaken.notify import Email

from tests.smtp_server import PASSWORD, SmtpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awaken.approvals import ApprovalMessage

pytestmark = pytest.mark.slow
SENDER = "Freigaben für alle <approvals@example.com>"


def message(
    person: str = "lead@example.com", title: str = "Pay invoice 4711?", **given: Any
) -> ApprovalMessage:
    link = ApprovalLink("https://links.example.org/cb/token", "sign_1abc", person, 1_796_047_500_000)
    document = ApprovalDocument(title, "Größe: **ß** 漢字", {"amount": "1200.00 €"})
    facts = ApprovalFacts(2, verdict_field="$")
    kind = given.pop("kind", "ask")
    return compose_message(kind, name="pay", facts=facts, document=document, link=link, **given)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_mail_has_text_and_html_for_one_person(server: SmtpServer) -> None:
    asked = message()

    await Email(server.url(), SENDER, reply_to="desk@example.com")(asked)

    (mail,) = server.mails
    text, html = mail.iter_parts()
    assert server.recipients == [["lead@example.com"]]
    assert (mail["From"], mail["To"], mail["Reply-To"]) == (SENDER, "lead@example.com", "desk@example.com")
    assert mail["Subject"] == "Pay invoice 4711?"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert text.get_content().replace("\r\n", "\n") == asked.text
    assert html.get_content().replace("\r\n", "\n") == asked.html + "\n"
    assert server.raw[0].isascii()
    assert max(map(len, server.raw[0].split(b"\r\n"))) <= 998


async def test_repeated_run_has_the_same_message_id_and_others_do_not(server: SmtpServer) -> None:
    send = Email(server.url(), SENDER)
    for sent in (
        message(),
        message(),
        message("other@example.com"),
        message(kind="remind"),
        message(kind="remind", number=2),
        message(kind="decided", outcome={"is_approved": True}),
    ):
        await send(sent)

    ids = [mail["Message-ID"] for mail in server.mails]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 5
    assert [mail["In-Reply-To"] for mail in server.mails] == [None] * 3 + [ids[0]] * 3


@pytest.mark.parametrize(
    "title",
    [
        "Pay?\r\nBcc: all@example.com",
        "Pay?\nX: y\n\nbody",
        "Pay\x00?\x1b[2J",
        "Größe 漢字 " + "x" * 3000,
        "\ud800?",
    ],
)
async def test_no_title_breaks_out_of_the_subject(server: SmtpServer, title: str) -> None:
    await Email(server.url(), SENDER)(message(title=title))

    (mail,) = server.mails
    assert mail["Subject"].isprintable()
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert server.recipients == [["lead@example.com"]]


@pytest.mark.parametrize("title", ["می\u200cخواهم؟", "क्\u200dष?", "Launch 👩\u200d🚀?"])
async def test_subject_keeps_joiners(server: SmtpServer, title: str) -> None:
    await Email(server.url(), "می\u200cخواهم <approvals@example.com>")(message(title=title))

    (mail,) = server.mails
    assert mail["Subject"] == title
    assert "\u200c" in mail["From"]


@pytest.mark.parametrize(
    "person",
    [
        "finance",
        "lead@example.com\r\nBcc: all@example.com",
        "lead@example.com, all@example.com",
        "<lead@example.com> all@example.com",
        "a@b@c\x00",
        "@example.com",
        "lead@",
        "lead@" + "x" * 100 + ".com",
    ],
)
async def test_person_who_is_no_address_is_an_error_that_names_it(server: SmtpServer, person: str) -> None:
    with pytest.raises(UsageError, match=r"is not .*mail address"):
        await Email(server.url(), SENDER)(message(person))

    assert server.mails == []


async def test_names_beyond_ascii(server: SmtpServer) -> None:
    await Email(server.url(), SENDER)(message("lead@bücher.example"))

    assert server.recipients == [["lead@xn--bcher-kva.example"]]


async def test_group_has_an_address(server: SmtpServer) -> None:
    send = Email(server.url(), SENDER, groups={"group:Finance": "finance-list@example.com"})

    await send(message("group:finance"))

    assert server.recipients == [["finance-list@example.com"]]


@pytest.mark.parametrize(
    ("person", "text"),
    [
        (
            "group:legal",
            r"group:legal has no address \(known groups: finance\); give it one: Email\(.*group:legal",
        ),
        ("", r'"Pay invoice 4711\?" is for nobody in particular.*name approvers'),
    ],
)
async def test_groups_without_address_and_nobody_are_errors_that_say_what_to_do(
    server: SmtpServer, person: str, text: str
) -> None:
    send = Email(server.url(), SENDER, groups={"finance": "finance-list@example.com"})

    with pytest.raises(UsageError, match=text):
        await send(message(person))


async def test_login_over_starttls(certificate: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with SmtpServer(starttls=certificate, has_auth=True) as server:
        await Email(server.url("?starttls=required"), SENDER, tls=trusting)(message())

        assert server.encrypted == [True]


async def test_login_over_tls(certificate: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with SmtpServer(tls=certificate, has_auth=True) as server:
        await Email(server.url(), SENDER, tls=trusting)(message())

        assert server.encrypted == [True]


async def test_server_that_can_encrypts_also_without_a_password(
    certificate: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with SmtpServer(starttls=certificate) as server:
        await Email(server.url(), SENDER, tls=trusting)(message())
        await Email(server.url("?starttls=off"), SENDER, tls=trusting)(message())

        assert server.encrypted == [True, False]


async def test_unknown_certificate_is_an_error_that_says_what_to_do(certificate: ssl.SSLContext) -> None:
    with SmtpServer(tls=certificate) as server:
        with pytest.raises(RetryableError, match=r"TLS failed: .*certificate verify failed.*tls=context"):
            await Email(server.url(), SENDER)(message())

        assert server.mails == []


async def test_password_is_not_sent_where_it_would_be_readable() -> None:
    with SmtpServer(has_auth=True) as server:
        with pytest.raises(RetryableError, match="offers no STARTTLS, so a password would be readable"):
            await Email(server.url("?starttls=required"), SENDER)(message())

        assert server.mails == []


async def test_wrong_password_is_an_error_without_it() -> None:
    with SmtpServer(has_auth=True) as server:
        url = server.url().replace("sender:p", "sender:wrong")

        with pytest.raises(RetryableError, match=r"does not accept the password of sender \(535\)") as caught:
            await Email(url, SENDER)(message())

    assert "word" not in str(caught.value).replace("password", "")
    assert caught.value.__cause__ is None


async def test_recipient_refused_for_good_is_terminal() -> None:
    with SmtpServer(refusals={"lead@example.com": "550 5.1.1 no such user"}) as server:
        send = Email(server.url(), SENDER)

        with pytest.raises(
            TerminalError, match=r"refuses a mail to lead@example.com: 550 5.1.1 no such user"
        ):
            await send(message())


async def test_recipient_refused_for_now_is_retried() -> None:
    with SmtpServer(refusals={"lead@example.com": "451 4.7.1 greylisted"}) as server:
        send = Email(server.url(), SENDER)

        with pytest.raises(RetryableError, match=r"451 4.7.1 greylisted"):
            await send(message())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("554 5.7.1 looks like spam", TerminalError), ("452 4.3.1 disk full", RetryableError)],
)
async def test_content_refused(answer: str, kind: type[Exception]) -> None:
    with SmtpServer(refusals={"DATA": answer}) as server, pytest.raises(kind, match=answer):
        await Email(server.url(), SENDER)(message())


async def test_server_that_is_not_there_is_retried() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"smtp://sender:secret@127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(
            RetryableError, match=r"cannot send a mail to lead@example.com by smtp://sender@"
        ) as caught:
            await Email(url, SENDER)(message())

    assert "refused" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_server_that_never_answers_does_not_stop_the_loop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        send = asyncio.create_task(Email(url, SENDER, timeout=timedelta(seconds=0.3))(message()))
        turns = 0
        while not send.done():
            turns += 1
            await asyncio.sleep(0.01)

    assert turns > 5
    with pytest.raises(RetryableError, match="timed out"):
        await send


async def test_many_people_at_once(server: SmtpServer) -> None:
    send = Email(server.url(), SENDER)

    await asyncio.gather(*(send(message(f"person{number}@example.com")) for number in range(60)))

    assert sorted(server.recipients) == sorted([f"person{number}@example.com"] for number in range(60))


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com",
        "smtp://",
        "mail.example.com:25",
        "smtp://user:hunter2@host:port",
        "smtp://user:hunter2@host:99999",
        "smtp://user:hunter2#x@host",
        "smtp://user:hunter2/x@host",
        "smtp://:hunter2@host",
        "smtp://user@host",
        "smtp://user:hunter2@host?starttls=maybe",
        "smtps://user:hunter2@host?starttls=off",
        "smtp://user:hunter2@host?ssl=1",
        "smtp://user:hunter2%C3%A4@host",
        "smtp://user:hunter2%0d%0a@host",
    ],
)
def test_malformed_url_is_an_error_without_the_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"SMTP URL|smtps|starttls") as caught:
        Email(url, SENDER)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("sender", ["", "approvals", "a@b\r\nBcc: c@d", "a@b, c@d"])
def test_malformed_sender_is_an_error(sender: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        Email("smtp://127.0.0.1", sender)


def test_text_of_a_notifier_has_no_password() -> None:
    url = "smtp://sender:p%40ss%3Aword%2F%23%3F@mail.example.com"

    notifier = Email(url, SENDER)

    assert repr(notifier) == f"Email('smtp://sender@mail.example.com:587', '{SENDER}')"
    assert PASSWORD not in repr(vars(notifier))
