"""What every page of the inbox needs: its address, proof that a form is its own, and how a response is made."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response

from awaken.callbacks.form_requests import BodyError, proof_of_page, read_body, read_fields
from awaken.inbox.layout import message_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from awaken.callbacks.form_requests import FormProof
    from awaken.control.operations import Operations

__all__ = ["FormError", "PageTools"]

_HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


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
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self._secret = secrets.token_bytes(32)

    def root(self, request: Request) -> str:
        """Return the prefix of every path of the inbox, without a slash at its end."""
        return str(request.scope.get("root_path", "")).rstrip("/")

    def is_part(self, request: Request) -> bool:
        """Return whether only the part of a page is wanted that changes."""
        return "part" in request.query_params

    def respond(self, text: str, status: int = 200) -> Response:
        """Return a page as a response."""
        return HTMLResponse(text, status, headers=_HEADERS)

    def explain(self, request: Request, title: str, text: str, status: int) -> Response:
        """Return a page with a message."""
        return self.respond(message_page(self.root(request), title, text), status)

    def proof(self, request: Request) -> FormProof:
        """Return what the forms of a page have to prove: `token` is their hidden field `form`."""
        return proof_of_page(self._secret, request)

    def remember(self, response: Response, proof: FormProof, request: Request) -> Response:
        """Return the response of a page with forms, which lets the browser prove where they come from."""
        proof.remember(response, [request.url.path], is_https=request.url.scheme == "https")
        return response

    async def read_form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form that was sent from a page of the same address.

        Raises:
            FormError: it was not, or cannot be read. The inbox explains it to the visitor.
        """
        try:
            form = read_fields(await read_body(request))
        except BodyError as error:
            raise FormError(error.status, error.title, f"{error}.") from error
        except ValueError as error:
            raise FormError(400, "This form cannot be read", f"{error}.") from error
        if not self.proof(request).is_in(request, form.get("form", "")):
            text = "The form did not come from this page, or the server was restarted. Open the page again."
            raise FormError(403, "Please open the page again", text)
        return form
