"""Messages of approvals as mails, over SMTP."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from awaken.errors import RetryableError, TerminalError, UsageError
from awaken.notify.mail_message import make_mail, read_address
from awaken.notify.people import Groups
from awaken.notify.smtp_url import StartTls, read_smtp_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage

    from awaken.approvals import ApprovalMessage

__all__ = ["Email"]


class Email:
    """Sends each message of an approval to its person, as text and HTML.

    The buttons of a mail are links to the form: programs that look for dangerous mail follow links, and change nothing.
    A mail that is sent twice, because its process died in between, has the same Message-ID both times.

    Args:
        smtp_url: `smtp://user:password@host:587` or `smtps://user:password@host`. Before it sends a password to another
            machine, `smtp` encrypts the connection or fails; without a password it encrypts if the server can.
            `?starttls=required`, `optional` or `off` says otherwise.
        sender: address in From, as `approvals@example.com` or `Approvals <approvals@example.com>`.
        reply_to: address for those who answer by mail; it goes to people, not to this package.
        groups: addresses of groups, as in `{"group:finance": "finance-list@example.com"}`.
        timeout: how long each step of sending may take, as a duration or in seconds.
        tls: context for TLS, for a server with a certificate of your own authority.

    Raises:
        ValueError: the URL or an address is malformed; the text shows no password.
    """

    def __init__(
        self,
        smtp_url: str,
        sender: str,
        *,
        reply_to: str | None = None,
        groups: Mapping[str, str] | None = None,
        timeout: timedelta | float = timedelta(seconds=30),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = read_smtp_url(smtp_url)
        self._sender = read_address(sender)
        self._reply_to = None if reply_to is None else read_address(reply_to)
        for address in (groups or {}).values():
            read_address(address)
        self._groups = Groups(groups, "Email", "finance-list@example.com")
        self._timeout_s = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
        if not self._timeout_s > 0:
            raise ValueError(f"timeout is {timeout!r}; give a duration above zero")
        self._tls = tls

    def __repr__(self) -> str:
        return f"Email({str(self._server)!r}, {str(self._sender)!r})"

    async def __call__(self, message: ApprovalMessage) -> None:
        """Send one message.

        Raises:
            UsageError: the person is not a mail address, or a group without one.
            TerminalError: the server refuses the recipient or the mail for good.
            RetryableError: it cannot be sent now; the text says why.
        """
        try:
            to = read_address(self._groups.resolve(message))
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(
                f"{error}, so no mail can be sent to this approver; name people by theirs"
            ) from error
        mail = make_mail(message, to=to, sender=self._sender, reply_to=self._reply_to, now=datetime.now(UTC))
        await asyncio.to_thread(self._send, mail, to.addr_spec)

    def _send(self, mail: EmailMessage, to: str) -> None:
        try:
            connection = self._connect()
            try:
                connection.send_message(mail, self._sender.addr_spec, [to])
                # The server has the mail now; what it says to the end of the connection does not matter.
                with suppress(OSError):
                    connection.quit()
            finally:
                connection.close()
        except OSError as error:  # also all of smtplib and ssl
            raise self._explained(error, to) from None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = self._tls or ssl.create_default_context()
        connection: smtplib.SMTP
        if server.is_tls:
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_s, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
        try:
            if not server.is_tls and server.starttls is not StartTls.OFF:
                self._encrypt(connection, context)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _encrypt(self, connection: smtplib.SMTP, context: ssl.SSLContext) -> None:
        connection.ehlo_or_helo_if_needed()
        if connection.has_extn("starttls"):
            connection.starttls(context=context)
        elif self._server.starttls is StartTls.REQUIRED:
            raise smtplib.SMTPNotSupportedError(
                "it offers no STARTTLS, so a password would be readable on its way; use smtps://, or ?starttls=off if "
                "the network is yours"
            )

    def _explained(self, error: OSError, to: str) -> Exception:
        match error:
            case smtplib.SMTPRecipientsRefused():
                code, answer = next(iter(error.recipients.values()))
                if code >= 500:
                    return self._refused(to, code, answer, "correct the address, or choose another approver")
                return self._failed(to, f"{code} {_text(answer)}", "the server says that this passes")
            case smtplib.SMTPDataError() if error.smtp_code >= 500:
                return self._refused(to, error.smtp_code, error.smtp_error, "ask who runs the server")
            case smtplib.SMTPAuthenticationError():
                reason = f"it does not accept the password of {self._server.user} ({error.smtp_code})"
                return self._failed(to, reason, "correct it in the URL")
            case smtplib.SMTPSenderRefused():
                reason = f"it does not accept {error.sender} as the sender: {_text(error.smtp_error)}"
                return self._failed(to, reason, "use a sender that it knows")
            case smtplib.SMTPResponseException():
                return self._failed(
                    to, f"{error.smtp_code} {_text(error.smtp_error)}", "ask who runs the server"
                )
            case ssl.SSLError():
                advice = (
                    "check host and port, or name the authority of its certificate: Email(..., tls=context)"
                )
                return self._failed(to, f"TLS failed: {error}", advice)
        reason = str(error) or type(error).__name__
        return self._failed(to, reason, "check that the server runs, and that the URL leads there")

    def _refused(self, to: str, code: int, answer: bytes | str, advice: str) -> TerminalError:
        text = f"{self._server} refuses a mail to {to}: {code} {_text(answer)}; {advice}"
        return TerminalError(text, status_code=502)

    def _failed(self, to: str, reason: str, advice: str) -> RetryableError:
        text = f"cannot send a mail to {to} by {self._server}: {reason}; {advice}"
        return RetryableError(text, status_code=503)


def _text(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())
