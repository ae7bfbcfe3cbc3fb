"""Pages of links where the runtime cannot be asked, and with the operator's looks."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken import _core
from awaken.approvals import ApprovalFacts
from awaken.callbacks import create_callback_app
from awaken.callbacks.question_view import QuestionView
from awaken.control.errors import UnavailableError
from awaken.links import CallbackSettings, Link, LinkSigner, name_of_type

if TYPE_CHECKING:
    from pathlib import Path

INVOCATION = _core.format_invocation_id(bytes(24))
SIGNER = LinkSigner({"test": bytes(32)})


class Away:
    """A runtime that cannot be reached."""

    async def ask(self, _: str) -> list[dict[str, Any]]:
        raise UnavailableError("the runtime is away")

    async def answer_rules(self, _: str) -> Any:
        raise UnavailableError("the runtime is away")


async def open_link(link: Link) -> tuple[httpx.Response, httpx.Response]:
    """Return the page of a link, and what a program gets for an answer."""
    runtime: Any = Away()
    app = create_callback_app(settings=CallbackSettings("http://links", SIGNER), operations=runtime)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://links") as client:
        path = f"/{SIGNER.sign(link)}"
        return await client.get(path), await client.post(path, json=True)


def link_to(annotation: Any, *, expires_in_s: int = 60) -> Link:
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(INVOCATION), 17)
    expires_at_ms = time.time_ns() // 1_000_000 + expires_in_s * 1000
    return Link(awakeable, "approve?", name_of_type(annotation), expires_at_ms)


async def test_question_is_shown_by_its_link_alone_where_the_runtime_is_away() -> None:
    page, answered = await open_link(link_to(bool))

    assert (page.status_code, answered.status_code) == (200, 503)
    assert ("approve?" in page.text, "<form" in page.text) == (True, True)
    assert "Asked by" not in page.text


async def test_expired_link_says_so_where_the_runtime_is_away() -> None:
    page, answered = await open_link(link_to(bool, expires_in_s=-60))

    assert (page.status_code, answered.status_code) == (410, 410)
    assert "This link has expired" in page.text


@pytest.mark.parametrize(
    ("quorum", "rejections", "rule"),
    [
        (1, 1, "The first answer counts."),
        (1, 2, "It takes one approval, and 2 rejections end it."),
        (3, 1, "It takes 3 approvals, and one rejection ends it."),
    ],
)
def test_rule_of_an_approval_is_a_sentence(quorum: int, rejections: int, rule: str) -> None:
    question: Any = SimpleNamespace(approval=ApprovalFacts(9, quorum=quorum, rejections=rejections))

    assert QuestionView(link_to(bool), question).rule == rule


async def test_page_has_the_looks_of_its_operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    )
    monkeypatch.setenv("AWAKEN_PAGES_NAME", "ACME <Approvals>")
    monkeypatch.setenv("AWAKEN_PAGES_LOGO", str(tmp_path / "logo.svg"))
    monkeypatch.setenv("AWAKEN_PAGES_COLOR", "#ff0")

    page, _ = await open_link(link_to(bool))

    assert "ACME &lt;Approvals&gt;" in page.text
    assert '<img src="data:image/svg+xml;base64,' in page.text  # scripts in pictures do nothing
    assert "--accent: #" in page.text
    assert "img-src data:" in page.headers["content-security-policy"]
