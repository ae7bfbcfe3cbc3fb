"""The page on which one awakeable is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.callbacks.forms import fields_of, read_form
from awaken.callbacks.page import render_inputs, render_problems
from awaken.control import reads
from awaken.control.answers import (
    EncodedAnswerError,
    InvalidAnswerError,
    Problem,
    check_answer,
    known_type,
    schema_of_answer,
)
from awaken.control.completing import complete_awakeable
from awaken.control.operations import AwakeableState, Failure
from awaken.outcomes import AwakeableOutcome, describe_outcome

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import AwakeableView
    from awaken.inbox.page_tools import PageTools

__all__ = ["AnsweringPages"]

#: What would become of an answer to an awakeable that is not pending.
_REFUSALS: Final = {
    AwakeableState.COMPLETED: AwakeableOutcome.ALREADY_COMPLETED,
    AwakeableState.INVOCATION_COMPLETED: AwakeableOutcome.GONE,
}
#: Outcomes that mean that the answer was accepted.
_TAKEN: Final = (AwakeableOutcome.APPLIED, AwakeableOutcome.ACCEPTED)


class AnsweringPages:
    """The form of one awakeable."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/awakeables/{id}", self._answer, methods=["GET", "POST"])]

    async def _answer(self, request: Request) -> Response:
        """Show the form for an answer, or accept the answer."""
        tools = self._tools
        one = await reads.find_awakeable(tools.operations, request.path_params["id"])
        if one.state is not AwakeableState.PENDING:
            outcome = _REFUSALS.get(one.state)
            why = describe_outcome(outcome, one.awakeable_id) if outcome else "It is not awaited yet"
            text = f"{why}. Its handler is {one.target.service}/{one.target.handler}."
            return await tools.explain(request, "Nothing waits for this", text, 409)
        rules = await tools.operations.answer_rules(one.awakeable_id)
        if rules.is_encoded and rules.codec is None:
            raise EncodedAnswerError
        if request.method != "POST":
            return await self._ask(request, one)
        form = await tools.read_form(request)
        try:
            result = _result_of(form, one)
        except InvalidAnswerError as error:
            return await self._ask(request, one, filled=form, problems=tuple(error.problems))
        outcome = await complete_awakeable(tools.operations, one.awakeable_id, result)
        if outcome not in _TAKEN:
            text = f"{describe_outcome(outcome, one.awakeable_id)}."
            return await tools.explain(request, "This is not possible", text, 409)
        return RedirectResponse(f"{tools.root(request)}/invocations/{one.invocation_id}", 303)

    async def _ask(
        self,
        request: Request,
        one: AwakeableView,
        *,
        filled: dict[str, str] | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        given = filled or {}
        fields = fields_of(schema_of_answer(known_type(one.type_name)))
        return await self._tools.render(
            request,
            "answer.html",
            section="waiting",
            status=422 if problems else 200,
            has_form=True,
            one=one,
            inputs=Markup(render_problems(problems) + render_inputs(fields, given)),  # noqa: S704 -- escaped there
            reason=given.get("reason", ""),
        )


def _result_of(form: dict[str, str], one: AwakeableView) -> bytes | Failure:
    """Return what a form says. Raises InvalidAnswerError."""
    if form.get("do") == "reject":
        return Failure(500, form.get("reason", ""))
    if form.get("do") != "resolve":
        raise InvalidAnswerError([Problem("do", "press one of the two buttons")])
    annotation = known_type(one.type_name)
    answer = read_form(form, fields_of(schema_of_answer(annotation)))
    check_answer(answer, annotation)
    return answer
