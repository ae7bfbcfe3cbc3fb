"""Requests for links: `GET` shows a question, or what became of it; `POST` answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, JSONResponse, Response

from awaken.approvals import Via, find_refusal
from awaken.callbacks.answer_type import find_answer_type
from awaken.callbacks.form_requests import BodyError, proof_of_link, read_body, read_fields
from awaken.callbacks.form_values import fill_form
from awaken.callbacks.form_view import FormView
from awaken.callbacks.question_view import QuestionView
from awaken.callbacks.replies import (
    Reply,
    describe_end,
    describe_waiting,
    expired,
    forged,
    gone,
    misfit,
    refuse,
    refused,
    reply_to,
)
from awaken.callbacks.submission import LONGEST_REASON, read_submission
from awaken.control.answering import Answerer, answer_question
from awaken.control.answers import (
    EncodedAnswerError,
    InvalidAnswerError,
    Problem,
    check_answer,
)
from awaken.control.errors import NoAnswerError, NotFoundError, OperationError, UnavailableError
from awaken.control.operations import Failure
from awaken.control.questions import find_question
from awaken.links import BadLinkError, current_settings
from awaken.outcomes import AwakeableOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from awaken.callbacks.fields import Form
    from awaken.callbacks.page import LinkPages
    from awaken.callbacks.submission import Submission
    from awaken.control.operations import Operations
    from awaken.control.questions import Question
    from awaken.links import CallbackSettings, Link

__all__ = ["LinkRoute"]

log = logging.getLogger("awaken")

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_HTML: Final = "text/html"
_HEADERS: Final = {
    "cache-control": "no-store",
    # The address is a secret. It goes to no other site; without any referrer, browsers send forms as `Origin: null`.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class LinkRoute:
    """Answers requests for links."""

    def __init__(
        self,
        operations: Operations,
        settings: CallbackSettings | None,
        now_ms: Callable[[], int],
        pages: LinkPages,
    ) -> None:
        self._operations = operations
        self._settings = settings
        self._now_ms = now_ms
        self._pages = pages

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        is_page = _wants_page(request)
        try:
            settings = self._settings or current_settings()
        except (RuntimeError, ValueError) as error:
            log.error("a link was opened, and cannot be served: %s", error)
            text = "Links are not set up; see the log."
            reply = Reply(500, "This link cannot be served here", text, state="failed")
            return self._respond(reply, is_page=is_page)
        try:
            link = settings.signer.verify(request.path_params["token"])
        except BadLinkError as error:
            return self._respond(forged(error), is_page=is_page)
        opened = _Opened(request, settings, link)
        if request.method != "POST":
            return await self._show(opened)
        obstacle = await self._find_obstacle(opened)
        return self._respond(obstacle, is_page=is_page) if obstacle else await self._answer(opened)

    async def _show(self, opened: _Opened) -> Response:
        """Show the question, or what became of it."""
        link, is_page = opened.link, _wants_page(opened.request)
        is_expired = link.expires_at_ms <= self._now_ms()
        try:
            question = await find_question(self._operations, link.awakeable_id)
        except NotFoundError:
            reply = expired(link, self._now_ms()) if is_expired else gone(AwakeableOutcome.UNKNOWN, link)
            return self._respond(reply, is_page=is_page)
        except OperationError:
            question = None  # an answer may be accepted all the same, and its outcome is told then
        end = None if question is None else describe_end(question, link, self._now_ms())
        if end is not None or is_expired:
            return self._respond(end or expired(link, self._now_ms()), is_page=is_page)
        try:
            _, form = await find_answer_type(self._operations, link, question)
            await self._check_codec(link)
        except (LookupError, OperationError) as error:
            return self._respond(refused(error), is_page=is_page)
        refusal = self._refusal_of(link, question)
        if not is_page:
            return self._respond(refusal or describe_waiting(question, link), is_page=False)
        if refusal is not None:
            page = self._pages.render_question(QuestionView(link, question), None, "", refusal=refusal.text)
            return HTMLResponse(page, refusal.status, headers=self._headers())
        document = question and question.document
        given = fill_form(form.fields, document.initial if document else None)
        chosen = opened.request.query_params.get("choose", "")
        return self._ask(opened, question, FormView(form, given, chosen=chosen))

    def _ask(self, opened: _Opened, question: Question | None, form: FormView, status: int = 200) -> Response:
        token = opened.request.path_params["token"]
        proof = proof_of_link(token)
        page = self._pages.render_question(QuestionView(opened.link, question), form, proof.token)
        response = HTMLResponse(page, status, headers=self._headers())
        # A proxy in front may end TLS, and may know the page under another path.
        public = urlsplit(opened.settings.url)
        paths = (f"{public.path.rstrip('/')}/{token}", opened.request.url.path)
        proof.remember(response, paths, is_https="https" in (public.scheme, opened.request.url.scheme))
        return response

    async def _find_obstacle(self, opened: _Opened) -> Reply | None:
        """Return why no answer is accepted, before a body is read; None if one may be."""
        link = opened.link
        if link.expires_at_ms <= self._now_ms():
            return expired(link, self._now_ms())
        if not link.is_encoded:
            return None
        try:
            await self._check_codec(link)
        except OperationError as error:
            return await self._find_end(link) or refused(error)
        return None

    async def _find_end(self, link: Link) -> Reply | None:
        try:
            question = await find_question(self._operations, link.awakeable_id)
        except NotFoundError:
            return gone(AwakeableOutcome.UNKNOWN, link)
        except OperationError:
            return None
        return describe_end(question, link, self._now_ms())

    async def _check_codec(self, link: Link) -> None:
        """Raise EncodedAnswerError, before somebody fills a form in vain, if answers cannot be encoded here."""
        if link.is_encoded and (await self._operations.answer_rules(link.awakeable_id)).codec is None:
            raise EncodedAnswerError

    def _refusal_of(self, link: Link, question: Question | None) -> Reply | None:
        """Return why the person of a link may not answer; None if the person may, or if that is not known."""
        if question is None or question.approval is None:
            return None
        found = find_refusal(question.approval, question.tally, link.person or None, (), self._now_ms())
        return None if found is None else refuse(found, link)

    async def _answer(self, opened: _Opened) -> Response:
        """Take an answer."""
        link, request = opened.link, opened.request
        media_type = _media_type(request)
        if media_type not in (_FORM, _JSON):
            text = f"the content-type {media_type!r} is not accepted; send {_JSON}"
            return self._respond(Reply(415, "This is not accepted", text), is_page=False)
        try:
            body = await read_body(request)
        except BodyError as error:
            reply = Reply(error.status, error.title, f"{error}.", state="failed")
            return self._respond(reply, is_page=media_type == _FORM)
        if media_type == _FORM:
            return await self._answer_form(opened, body)
        rejection = request.query_params.get("reject")
        if rejection is not None:
            return self._respond(await self._reject(link, rejection), is_page=False)
        try:
            annotation, _ = await find_answer_type(self._operations, link, None)
            if not body:
                raise InvalidAnswerError([Problem("$", "the body is empty; send JSON, also for null")])
            check_answer(body, annotation)
        except LookupError as error:
            return self._respond(refused(error), is_page=False)
        except InvalidAnswerError as error:
            return self._respond(misfit(tuple(error.problems)), is_page=False)
        reply = await self._complete(link, body, "Thank you, the answer was accepted")
        return self._respond(reply, is_page=False)

    async def _answer_form(self, opened: _Opened, body: bytes) -> Response:
        link = opened.link
        try:
            sent = read_fields(body)
        except ValueError as error:
            return self._respond(Reply(400, "This form cannot be read", f"{error}.", state="failed"))
        if not proof_of_link(opened.request.path_params["token"]).is_in(opened.request, sent.get("form", "")):
            text = (
                "The form did not come from this page, or its cookie was not sent. Open the link again. Programs send "
                f"JSON with content-type {_JSON}."
            )
            reply = Reply(403, "Please open the link again", text, state="failed")
            return self._respond(reply, is_page=_HTML in _accepted(opened.request))
        try:
            annotation, form = await find_answer_type(self._operations, link, None)
        except (LookupError, OperationError) as error:
            return self._respond(refused(error))
        submission = read_submission(sent, form, annotation)
        if submission.result is None:
            return await self._ask_again(opened, form, submission)
        is_rejected = isinstance(submission.result, Failure)
        title = "Thank you, the answer was accepted" if not is_rejected else "It was rejected"
        reply = await self._complete(link, submission.result, title)
        if reply.problems:
            return await self._ask_again(opened, form, replace(submission, problems=reply.problems))
        return self._respond(reply)

    async def _ask_again(self, opened: _Opened, form: Form, submission: Submission) -> Response:
        try:
            question = await find_question(self._operations, opened.link.awakeable_id)
        except OperationError:
            question = None
        view = FormView(form, submission.form, submission.problems)
        return self._ask(opened, question, view, 422 if submission.problems else 200)

    async def _reject(self, link: Link, reason: str) -> Reply:
        if len(reason) > LONGEST_REASON:
            text = f"it has {len(reason)} characters, and at most {LONGEST_REASON} are accepted"
            return misfit((Problem("reason", text),))
        return await self._complete(link, Failure(500, reason), "It was rejected")

    async def _complete(self, link: Link, result: bytes | Failure, title: str) -> Reply:
        answerer = Answerer(link.person or None, (), Via.LINK, self._now_ms())
        try:
            outcome = await answer_question(
                self._operations, link.awakeable_id, result, answerer, is_approval=link.is_approval
            )
        except InvalidAnswerError as error:
            return misfit(tuple(error.problems))
        except (UnavailableError, NoAnswerError):
            # It may have arrived all the same.
            text = "Please send it again. The first answer that arrives counts."
            return Reply(503, "The answer cannot be accepted right now", text, state="failed")
        except OperationError as error:
            return refused(error)
        return reply_to(outcome, link, title)

    def _respond(self, reply: Reply, *, is_page: bool = True) -> Response:
        if not is_page:
            return JSONResponse(reply.as_json(), reply.status, headers=_HEADERS)
        page = self._pages.render_outcome(
            reply.title, reply.text, name=reply.name, state=reply.state, answers=reply.answers
        )
        return HTMLResponse(page, reply.status, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, "content-security-policy": self._pages.policy}


@dataclass(frozen=True, slots=True)
class _Opened:
    """A link that was verified, and the request that opened it."""

    request: Request
    settings: CallbackSettings
    link: Link


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _wants_page(request: Request) -> bool:
    if request.method == "POST":
        return _media_type(request) == _FORM
    return _JSON not in (accepted := _accepted(request)) or _HTML in accepted


def _accepted(request: Request) -> set[str]:
    """Return the media types that a request names."""
    return {one.partition(";")[0].strip().lower() for one in request.headers.get("accept", "").split(",")}
