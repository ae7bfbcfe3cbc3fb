"""A real SMTP server in a thread, which keeps what it receives."""

from __future__ import annotations

import asyncio
import email
from dataclasses import dataclass, field
from email.policy import default
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

if TYPE_CHECKING:
    import ssl
    from email.message import EmailMessage
    from typing import Self

USER, PASSWORD = "sender", "p@ss:word/#?"


@dataclass
class SmtpServer:
    """Receives mails while it is open; `refusals` has what it answers to recipients and to contents instead."""

    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    has_auth: bool = False
    refusals: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    #: Which connections were encrypted when their mail arrived.
    encrypted: list[bool] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    #: Seconds until a mail that has arrived is acknowledged.
    delay_s: float = 0.0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd looks it up by this name
        self, _server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.has_auth and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        self.raw.append(envelope.content)
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None or self.tls is not None)
        await asyncio.sleep(self.delay_s)
        return "250 OK"

    def url(self, options: str = "") -> str:
        login = "sender:p%40ss%3Aword%2F%23%3F@" if self.has_auth else ""
        return f"{'smtps' if self.tls else 'smtp'}://{login}127.0.0.1:{self.controller.port}{options}"

    def __enter__(self) -> Self:
        def authenticate(
            _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
        ) -> AuthResult:
            is_right = isinstance(data, LoginPassword) and data == LoginPassword(
                USER.encode(), PASSWORD.encode()
            )
            return AuthResult(success=is_right, handled=is_right)

        self.controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            ssl_context=self.tls,
            tls_context=self.starttls,
            authenticator=authenticate if self.has_auth else None,
            auth_require_tls=False,
        )
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()


class _Controller(Controller):
    """One that may have a free port."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
