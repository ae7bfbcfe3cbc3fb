"""The page of one question: everything that is asked, and the form that answers it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.approvals import Refusal, Via, describe_refusal
from awaken.callbacks.form_view import FormView
from awaken.callbacks.question_view import describe_rule
from awaken.callbacks.submission import read_submission
from awaken.control.answering import Answerer, answer_question
from awaken.control.answers import EncodedAnswerError, InvalidAnswerError
from awaken.control.errors import NotFoundError
from awaken.control.questions import QuestionState, find_question
from awaken.inbox.inputs_of_invocations import find_inputs
from awaken.inbox.question_facts import (
    AnswerForm,
    describe_end,
    describe_state,
    given_answers,
    reason_against,
)
from awaken.inbox.recorded_answer import describe_result, find_recorded_answer
from awaken.inbox.visitors import Visitor, VisitorError
from awaken.outcomes import AwakeableOutcome, describe_outcome

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.answering import AnswerOutcome
    from awaken.control.questions import Question
    from awaken.inbox.page_tools import PageTools
    from awaken.inbox.recorded_answer import RecordedAnswer

__all__ = ["AnsweringPages", "answerer_of", "describe_failure"]

_CONFLICT: Final = 409
_FORBIDDEN: Final = 403
#: Seconds between looks for an answer that a server has accepted, and its journal does not have yet.
_PAUSES_SECONDS: Final = (0.0, 0.05, 0.1, 0.2, 0.4)


class AnsweringPages:
    """One question with its form."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/awakeables/{id}", self._serve, methods=["GET", "POST"])]

    async def _serve(self, request: Request) -> Response:
        """Show a question, or accept its answer."""
        tools = self._tools
        question = await find_question(tools.operations, request.path_params["id"])
        if question.state is not QuestionState.PENDING:
            end = describe_end(question)
            if request.method == "POST":
                await tools.read_form(request)
                return await self._show(request, question, status=_CONFLICT, refused=end)
            return await self._show(request, question, status=_CONFLICT, told=end)
        if not question.is_callback and question.since_ms is None:
            text = (
                f"It is not awaited yet. Its handler is {question.target.service}/{question.target.handler}."
            )
            return await tools.explain(request, "Nothing waits for this", text, _CONFLICT)
        await self._check_codec(question)
        form = AnswerForm.of(question)
        if request.method != "POST":
            reason = self._reason_against(request, question)
            view = None if reason else FormView(form.form, form.fill(question))
            return await self._show(request, question, form=view, told=reason)
        return await self._answer(request, question, form)

    async def _answer(self, request: Request, question: Question, form: AnswerForm) -> Response:
        tools = self._tools
        submission = read_submission(await tools.read_form(request), form.form, form.annotation)
        if submission.result is not None:
            answerer = answerer_of(tools, request)
            try:
                outcome = await answer_question(tools.operations, question.id, submission.result, answerer)
            except InvalidAnswerError as error:
                submission = replace(submission, problems=tuple(error.problems))
            else:
                return await self._tell(request, question, outcome)
        view = FormView(form.form, submission.form, submission.problems)
        return await self._show(request, question, form=view, status=422 if submission.problems else 200)

    async def _tell(self, request: Request, question: Question, outcome: AnswerOutcome) -> Response:
        tools = self._tools
        if outcome.is_applied:
            if await self._is_recorded(question, tools.visitor(request)):
                return RedirectResponse(f"{tools.root(request)}/awakeables/{question.id}", 303)
            # Its journal was deleted with its end, cannot be read here, or does not have it yet.
            return await tools.explain(request, "Your answer is recorded", describe_result(outcome), 200)
        now = await find_question(tools.operations, question.id)
        is_forbidden = outcome.refusal not in (None, Refusal.DECIDED)
        text = describe_failure(outcome, question, tools.visitor(request))
        return await self._show(request, now, status=_FORBIDDEN if is_forbidden else _CONFLICT, refused=text)

    async def _is_recorded(self, question: Question, visitor: Visitor) -> bool:
        """Return whether the page of the question shows the answer."""
        for pause_s in _PAUSES_SECONDS:
            await asyncio.sleep(pause_s)
            try:
                now = await find_question(self._tools.operations, question.id)
            except NotFoundError:
                return False
            if find_recorded_answer(now, visitor) is not None:
                return True
        return False

    async def _check_codec(self, question: Question) -> None:
        """Raise EncodedAnswerError, before somebody fills a form in vain."""
        if question.is_encoded and self._tools.operations.codec_of(question.target.service) is None:
            raise EncodedAnswerError

    def _reason_against(self, request: Request, question: Question) -> str:
        try:
            visitor = self._tools.visitor(request)
        except VisitorError as error:
            return str(error)
        return reason_against(question, visitor, self._tools.now_ms())

    async def _show(
        self,
        request: Request,
        question: Question,
        *,
        form: FormView | None = None,
        status: int = 200,
        told: str = "",
        refused: str = "",
    ) -> Response:
        """Return the page.

        Args:
            request: for it.
            question: what is asked.
            form: None for a visitor who cannot answer it.
            status: of HTTP.
            told: why there is no form.
            refused: why an answer that was just sent does not count.
        """
        tools = self._tools
        recorded = self._recorded(request, question)
        if recorded is not None and not refused:
            status = 200 if status == _CONFLICT else status
        tools.live.note_shown([question.id])
        called_with: Any = None
        if question.document is None and tools.shows_values:
            inputs = await find_inputs(tools.operations, {question.invocation_id: question.target.service})
            called_with = inputs.get(question.invocation_id)
        now_ms = tools.now_ms()
        return await tools.render(
            request,
            "answer.html",
            section="waiting",
            topic="waiting",
            status=status,
            has_form=True,
            question=question,
            state=describe_state(question),
            rule=describe_rule(question.approval),
            people=() if question.approval is None else question.approval.people(now_ms),
            later=_asked_later(question, now_ms),
            answers=given_answers(question, shows_values=tools.shows_values),
            called_with=called_with,
            form=form,
            told=told,
            recorded=recorded,
            refused=refused,
        )

    def _recorded(self, request: Request, question: Question) -> RecordedAnswer | None:
        try:
            return find_recorded_answer(question, self._tools.visitor(request))
        except VisitorError:
            return None


def answerer_of(tools: PageTools, request: Request) -> Answerer:
    """Return who sends a form. Raises VisitorError."""
    visitor = tools.visitor(request)
    return Answerer(visitor.person, visitor.groups, Via.INBOX, tools.now_ms())


def describe_failure(outcome: AnswerOutcome, question: Question, visitor: Visitor) -> str:
    """Return why an answer does not count, as a sentence."""
    if outcome.refusal is not None:
        return f"{describe_refusal(outcome.refusal, visitor.person)}."
    return f"{describe_outcome(outcome.outcome or AwakeableOutcome.UNKNOWN, question.id)}."


def _asked_later(question: Question, now_ms: int) -> list[tuple[int, tuple[str, ...]]]:
    """Return when others are asked as well, and whom."""
    if question.approval is None or question.state is not QuestionState.PENDING:
        return []
    return [(one.at_ms, one.people) for one in question.approval.escalations if one.at_ms > now_ms]
