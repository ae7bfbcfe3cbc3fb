"""The page on which one awakeable is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.callbacks.form_values import fill_form
from awaken.callbacks.form_view import FormView
from awaken.callbacks.forms import form_of
from awaken.callbacks.submission import read_submission
from awaken.control import reads
from awaken.control.answers import EncodedAnswerError, known_type, schema_of_answer
from awaken.control.completing import complete_awakeable
from awaken.control.operations import AwakeableState
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
        annotation = known_type(one.type_name)
        form = form_of(schema_of_answer(annotation))
        if request.method != "POST":
            return await self._ask(request, one, FormView(form, fill_form(form.fields)))
        submission = read_submission(await tools.read_form(request), form, annotation)
        if submission.result is None:
            view = FormView(form, submission.form, submission.problems)
            return await self._ask(request, one, view, 422 if submission.problems else 200)
        outcome = await complete_awakeable(tools.operations, one.awakeable_id, submission.result)
        if outcome not in _TAKEN:
            text = f"{describe_outcome(outcome, one.awakeable_id)}."
            return await tools.explain(request, "This is not possible", text, 409)
        return RedirectResponse(f"{tools.root(request)}/invocations/{one.invocation_id}", 303)

    async def _ask(self, request: Request, one: AwakeableView, view: FormView, status: int = 200) -> Response:
        return await self._tools.render(
            request, "answer.html", section="waiting", status=status, has_form=True, one=one, form=view
        )
