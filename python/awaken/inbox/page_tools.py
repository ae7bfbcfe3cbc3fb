"""What every page of the inbox needs: its visitor, proof that a form is its own, and how a response is made."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse

from awaken.callbacks.form_requests import BodyError, proof_of_page, read_body, read_fields
from awaken.callbacks.page import TEMPLATES as TEMPLATES_OF_FORMS
from awaken.inbox.live import LiveUpdates
from awaken.inbox.navigation import SECTIONS
from awaken.inbox.values import are_values_shown
from awaken.inbox.visitors import Visitor, VisitorError
from awaken.pages import create_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations
    from awaken.inbox.visitors import VisitorHeaders
    from awaken.pages import Branding

__all__ = ["HEADERS", "FormError", "PageTools"]

#: Of every response that is no file.
HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
_TEMPLATES: Final = Path(__file__).parent / "templates"


class FormError(Exception):
    """A form is not accepted, whatever it asks for; the text says why, as a sentence.

    Attributes:
        status: of HTTP.
        title: of the page about it.
    """

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.title = title


class PageTools:
    """What pages have in common. One for each inbox.

    Args:
        operations: of the runtime.
        visitors: how a proxy names them.
        branding: name, logo and colour.
        now_ms: the clock, in UTC milliseconds.
    """

    def __init__(
        self,
        operations: Operations,
        visitors: VisitorHeaders,
        branding: Branding,
        now_ms: Callable[[], int],
    ) -> None:
        self.operations = operations
        self.visitors = visitors
        self.now_ms = now_ms
        self.live = LiveUpdates(operations)
        #: Whether pages may show values that were not made for people: inputs, and answers of plain awakeables.
        self.shows_values = are_values_shown()
        self._environment = create_environment(
            branding, now_ms=now_ms, callbacks=TEMPLATES_OF_FORMS, inbox=_TEMPLATES
        )
        self._secret = secrets.token_bytes(32)

    def root(self, request: Request) -> str:
        """Return the prefix of every path of the inbox, without a slash at its end."""
        return str(request.scope.get("root_path", "")).rstrip("/")

    def visitor(self, request: Request) -> Visitor:
        """Return who sent a request. Raises VisitorError, which the inbox explains."""
        return self.visitors.read(request.headers.raw)

    async def render(
        self,
        request: Request,
        template: str,
        *,
        section: str = "",
        topic: str = "",
        status: int = 200,
        has_form: bool = False,
        **facts: Any,
    ) -> Response:
        """Return a page as a response.

        Templates begin with `{% extends layout %}` and fill the blocks `title` and `content`. Besides `facts`, they
        know `root`, `section`, `person` (None for an unknown visitor), and with a form `form_token`, its hidden field
        `form`.

        Args:
            request: for the page.
            template: a file of `inbox/templates`.
            section: name of the link in the navigation that leads to it.
            topic: of `LiveUpdates`; the page replaces its content when it changes. Empty for a page that stays.
            status: of HTTP.
            has_form: whether it has a form; the browser then gets what proves where the form comes from.
            facts: what the template shows.
        """
        try:
            visitor, who = self.visitor(request), ""
        except VisitorError as error:
            visitor, who = Visitor(), str(error)
        proof = proof_of_page(self._secret, request) if has_form else None
        is_part = "part" in request.query_params
        root = self.root(request)
        text = self._environment.get_template(f"inbox/{template}").render(
            facts,
            layout=f"inbox/{'part' if is_part else 'frame'}.html",
            root=root,
            home=f"{root}/",
            style_url=f"{root}/static/theme.css",
            width="wide",
            sections=SECTIONS,
            section=section,
            topic=topic,
            counts=None if is_part else await self.live.counts(),
            person=visitor.person,
            names_people=self.visitors.names_people,
            who_problem=who,
            form_token=proof.token if proof else "",
        )
        response = HTMLResponse(text, status, headers=HEADERS)
        if proof is not None:
            proof.remember(response, [request.url.path], is_https=request.url.scheme == "https")
        return response

    async def explain(
        self, request: Request, title: str, text: str, status: int, *, back: str = ""
    ) -> Response:
        """Return a page with a message; `back` is the address of the form that it is about."""
        return await self.render(request, "message.html", status=status, title=title, text=text, back=back)

    async def read_form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form that was sent from a page of the same address.

        Raises:
            FormError: it was not, or cannot be read. The inbox explains it to the visitor.
            VisitorError: a proxy should name visitors, and did not. The inbox explains it as well.
        """
        self.visitor(request)
        try:
            form = read_fields(await read_body(request))
        except BodyError as error:
            raise FormError(error.status, error.title, f"{error}.") from error
        except ValueError as error:
            raise FormError(400, "This form cannot be read", f"{error}.") from error
        if not proof_of_page(self._secret, request).is_in(request, form.get("form", "")):
            text = "The form did not come from this page, or the server was restarted. Open the page again."
            raise FormError(403, "Please open the page again", text)
        return form
