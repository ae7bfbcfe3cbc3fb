"""Several questions answered together: one form for those of one type, and what became of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.callbacks.form_view import FormView
from awaken.callbacks.submission import read_submission
from awaken.control.answering import answer_question
from awaken.control.answers import InvalidAnswerError
from awaken.control.errors import NotFoundError, OperationError
from awaken.control.questions import QuestionState, find_question
from awaken.errors import InvalidIdError
from awaken.inbox.answering import answerer_of, describe_failure
from awaken.inbox.facts import first_facts
from awaken.inbox.question_facts import AnswerForm, describe_end, describe_state, reason_against
from awaken.inbox.question_rows import short_type
from awaken.inbox.recorded_answer import describe_result, describe_verdict
from awaken.inbox.visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.callbacks.submission import Submission
    from awaken.control.answering import Answerer
    from awaken.control.questions import Question
    from awaken.inbox.page_tools import PageTools

__all__ = ["SeveralPages"]

#: Questions of one form: those of a page.
MOST_TOGETHER: Final = 50
#: Questions that are read from the runtime at a time.
_AT_ONCE: Final = 8
#: An answer is for what its form showed as such.
_NEW: Final = "You could not answer it when the page was made. Answer it on its own."


@dataclass(frozen=True, slots=True)
class _Row:
    """One of the questions."""

    question: Question
    #: Why the visitor cannot answer it; empty if the visitor can.
    reason: str = ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The first facts of its data."""
        document = self.question.document
        return [] if document is None or document.data is None else first_facts(document.data)


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of one answer."""

    question: Question
    #: Words, the state of their colour, and an icon.
    badge: tuple[str, str, str]
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """Questions whose answers have the same type."""

    type_name: str
    rows: list[_Row] = field(default_factory=list)

    @property
    def query(self) -> str:
        """Names them in an address."""
        return urlencode([("id", row.question.id) for row in self.rows])

    @property
    def asked(self) -> str:
        """Names them in the form."""
        return " ".join(row.question.id for row in self.rows)


class SeveralPages:
    """One form for several questions."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/awakeables", self._serve, methods=["GET", "POST"])]

    async def _serve(self, request: Request) -> Response:
        tools = self._tools
        chosen = list(dict.fromkeys(request.query_params.getlist("id")))
        if request.method != "POST" and len(chosen) == 1:
            return RedirectResponse(f"{tools.root(request)}/awakeables/{chosen[0]}", 303)
        if not 0 < len(chosen) <= MOST_TOGETHER:
            text = f"Tick at least one question, and at most {MOST_TOGETHER}; {len(chosen)} were ticked."
            return await tools.explain(request, "Nothing to answer together", text, 400)
        visitor = tools.visitor(request)
        sent = await tools.read_form(request) if request.method == "POST" else {}
        rows = await self._read(chosen, visitor)
        if "asked" in sent:
            asked = sent["asked"].split()
            rows = [
                row if row.reason or row.question.id in asked else replace(row, reason=_NEW) for row in rows
            ]
        groups: dict[str | None, _Group] = {}
        for row in rows:
            if not row.reason:
                name = row.question.type_name
                groups.setdefault(name, _Group(short_type(name) or "Any answer")).rows.append(row)
        refused = [row for row in rows if row.reason]
        if len(groups) != 1:
            return await self._show(request, groups=list(groups.values()), refused=refused)
        (group,) = groups.values()
        form = AnswerForm.of(group.rows[0].question)
        if request.method != "POST":
            view = FormView(form.form, _common_fill(form, group.rows))
            return await self._show(request, groups=[group], refused=refused, form=view)
        submission = read_submission(sent, form.form, form.annotation)
        if submission.result is None:
            view = FormView(form.form, submission.form, submission.problems)
            status = 422 if submission.problems else 200
            return await self._show(request, groups=[group], refused=refused, form=view, status=status)
        results = await self._answer(request, [row.question for row in group.rows], submission)
        results += [_Result(row.question, describe_state(row.question), row.reason) for row in refused]
        return await tools.render(request, "several_done.html", section="waiting", results=results)

    async def _answer(
        self, request: Request, questions: Sequence[Question], submission: Submission
    ) -> list[_Result]:
        """Answer each, one after the other; one that fails does not keep the others from being answered."""
        answerer = answerer_of(self._tools, request)
        return [await self._answer_one(one, submission, answerer) for one in questions]

    async def _answer_one(self, question: Question, submission: Submission, answerer: Answerer) -> _Result:
        assert submission.result is not None  # noqa: S101 -- the caller has seen to it
        failed = ("Not answered", "failed", "alert")
        try:
            outcome = await answer_question(self._tools.operations, question.id, submission.result, answerer)
        except (InvalidAnswerError, OperationError) as error:
            return _Result(question, failed, f"{error}.")
        if outcome.is_applied:
            return _Result(question, describe_verdict(question, submission.result), describe_result(outcome))
        visitor = Visitor(answerer.person, answerer.groups)
        return _Result(question, failed, describe_failure(outcome, question, visitor))

    async def _read(self, chosen: Sequence[str], visitor: Visitor) -> list[_Row]:
        """Return the questions that are there, each once, in the given order."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def read(name: str) -> Question | None:
            async with turns:
                try:
                    return await find_question(self._tools.operations, name)
                except (InvalidIdError, NotFoundError):
                    return None  # it is no longer kept, or never was there

        found = await asyncio.gather(*map(read, chosen))
        questions = {one.id: one for one in found if one is not None}
        return [_Row(one, self._reason_against(one, visitor)) for one in questions.values()]

    def _reason_against(self, question: Question, visitor: Visitor) -> str:
        if question.state is not QuestionState.PENDING:
            return describe_end(question)
        if question.is_encoded and self._tools.operations.codec_of(question.target.service) is None:
            return "Its answer is encoded, and this process does not have the codec."
        return reason_against(question, visitor, self._tools.now_ms())

    async def _show(
        self,
        request: Request,
        *,
        groups: list[_Group],
        refused: list[_Row],
        form: FormView | None = None,
        status: int = 200,
    ) -> Response:
        return await self._tools.render(
            request,
            "several.html",
            section="waiting",
            status=status,
            has_form=True,
            groups=groups,
            refused=refused,
            form=form,
        )


def _common_fill(form: AnswerForm, rows: Sequence[_Row]) -> dict[str, str]:
    """Return what stands in the inputs at first: what the questions have in common."""
    fills = [form.fill(row.question) for row in rows]
    return fills[0] if all(fill == fills[0] for fill in fills) else form.blank()
