"""The route of callbacks: `GET` shows a form, `POST` answers. `docs/callbacks.md` lists the statuses."""

from __future__ import annotations

import logging
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from awaken.callbacks.form_requests import BodyError, proof_of_link, read_body, read_fields
from awaken.callbacks.forms import fields_of, read_form
from awaken.callbacks.page import render_form, render_message
from awaken.callbacks.slack_route import SlackRoute
from awaken.control.answers import (
    EncodedAnswerError,
    InvalidAnswerError,
    Problem,
    check_answer,
    schema_of_answer,
)
from awaken.control.completing import complete_awakeable
from awaken.control.errors import (
    NoAnswerError,
    NotAllowedError,
    NotFoundError,
    OperationError,
    UnavailableError,
)
from awaken.control.operations import AwakeableState, Failure
from awaken.control.reads import find_awakeable
from awaken.control.remote import connect_runtime
from awaken.links import BadLinkError, current_settings, import_type
from awaken.notify.slack import slack_from_environment
from awaken.outcomes import AwakeableOutcome, describe_outcome
from awaken.serde.codec_source import CodecSource
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from awaken.control.operations import Operations
    from awaken.links import CallbackSettings, Link
    from awaken.notify import Slack
    from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider

__all__ = ["create_callback_app"]

log = logging.getLogger("awaken")

#: Characters of a reason: it becomes the message of the handler's error. The page's input stops there as well.
_LONGEST_REASON: Final = 1000
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_HEADERS: Final = {
    "cache-control": "no-store",
    # The address is a secret. It goes to no other site; without any referrer, browsers send forms as `Origin: null`.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}


@dataclass(frozen=True, slots=True)
class _Reply:
    """What happened, as JSON for a program and as a page for a person."""

    status: int
    title: str
    text: str
    problems: tuple[Problem, ...] = ()


def create_callback_app(
    ingress: str = "http://127.0.0.1:8080",
    admin: str = "http://127.0.0.1:9070",
    *,
    token: str | None = None,
    settings: CallbackSettings | None = None,
    journal_value_codec: JournalValueCodec | JournalValueCodecProvider | None = None,
    operations: Operations | None = None,
    slack: Slack | None = None,
    now_ms: Callable[[], int] | None = None,
) -> Starlette:
    """Return an ASGI application that serves links. Mount it where `AWAKEN_CALLBACK_URL` points.

    Args:
        ingress: URL of the runtime's ingress.
        admin: URL of its admin API, which shows whether an awakeable is still open.
        token: for both, if the runtime asks for one, of the groups `complete` and `read`; by default that of
            `AWAKEN_TOKEN` or of the file `AWAKEN_TOKEN_FILE`.
        settings: where links lead and which keys sign them; None uses those of the process.
        journal_value_codec: the codec of the handlers' application, if it has one; answers are encoded with it.
        operations: a runtime, instead of the two URLs; it knows the codecs of applications in its process.
        slack: receives clicks at the path `slack`; None uses the app of `AWAKEN_SLACK_TOKEN` and
            `AWAKEN_SLACK_SIGNING_SECRET`, if they are set.
        now_ms: the clock, in UTC milliseconds.

    Raises:
        ValueError: the token, or a file that the environment names for TLS, cannot be read; or the app of Slack has no
            token or no signing secret.
    """
    own = None
    if operations is None:
        operations = own = connect_runtime(ingress, admin, token=token)
        own.codec = None if journal_value_codec is None else CodecSource(journal_value_codec)
    clock = now_ms or (lambda: time.time_ns() // 1_000_000)
    route = _CallbackRoute(operations, settings, clock)

    routes = [Route("/{token}", route.serve, methods=["GET", "POST"])]
    slack = slack or slack_from_environment()
    if slack is not None and slack.signing_secret is None:
        raise ValueError("this Slack has no signing secret, so clicks cannot be trusted; give it one")
    if slack is not None:
        clicks = SlackRoute(slack, operations, settings, clock)
        routes.insert(0, Route("/slack", clicks.serve, methods=["POST"]))

    @asynccontextmanager
    async def close(_: Starlette) -> AsyncIterator[None]:
        yield
        if own is not None:
            await own.close()

    return Starlette(routes=routes, lifespan=close)


class _CallbackRoute:
    """Answers requests for links."""

    def __init__(
        self, operations: Operations, settings: CallbackSettings | None, now_ms: Callable[[], int]
    ) -> None:
        self._operations = operations
        self._settings = settings
        self._now_ms = now_ms

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        is_page = request.method != "POST" or _media_type(request) == _FORM
        try:
            settings = self._settings or current_settings()
        except (RuntimeError, ValueError) as error:
            log.error("a link was opened, and cannot be served: %s", error)
            reply = _Reply(500, "This link cannot be served here", "Links are not set up; see the log.")
            return _respond(reply, is_page=is_page)
        try:
            link = settings.signer.verify(request.path_params["token"])
        except BadLinkError as error:
            return _respond(_Reply(401, "This link is not valid", str(error)), is_page=is_page)
        if link.expires_at_ms <= self._now_ms():
            reply = _Reply(410, "This link has expired", f"{link.name}: it was open until {_date(link)}.")
            return _respond(reply, is_page=is_page)
        if request.method != "POST" or link.is_encoded:
            closed = await self._find_end(link)
            if closed is not None:
                return _respond(closed, is_page=is_page)
        try:
            annotation = import_type(link.type_name)
            await self._check_codec(link)
        except (LookupError, OperationError) as error:
            return _respond(_refused(error), is_page=is_page)
        if request.method != "POST":
            return self._ask(request, settings, link, annotation)
        return await self._answer(request, settings, link, annotation)

    def _ask(
        self,
        request: Request,
        settings: CallbackSettings,
        link: Link,
        annotation: Any,
        *,
        filled: dict[str, str] | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        token = request.path_params["token"]
        proof = proof_of_link(token)
        fields = fields_of(schema_of_answer(annotation))
        page = render_form(link.name, _date(link), fields, proof.token, filled=filled, problems=problems)
        response = HTMLResponse(page, 422 if problems else 200, headers=_HEADERS)
        # A proxy in front may end TLS, and may know the page under another path.
        public = urlsplit(settings.url)
        paths = (f"{public.path.rstrip('/')}/{token}", request.url.path)
        proof.remember(response, paths, is_https="https" in (public.scheme, request.url.scheme))
        return response

    async def _check_codec(self, link: Link) -> None:
        """Raise EncodedAnswerError, before somebody fills a form in vain, if answers cannot be encoded here."""
        if link.is_encoded and (await self._operations.answer_rules(link.awakeable_id)).codec is None:
            raise EncodedAnswerError

    async def _find_end(self, link: Link) -> _Reply | None:
        """Say that nothing waits for an answer any more; None if something does, or if that cannot be found out."""
        try:
            found = await find_awakeable(self._operations, link.awakeable_id)
        except NotFoundError:
            return _gone(AwakeableOutcome.UNKNOWN, link)
        except OperationError:
            return None  # an answer may be accepted all the same, and its outcome is told then
        if found.state is AwakeableState.COMPLETED:
            return _Reply(409, "There is an answer already", f"{link.name}: the first answer counts.")
        if found.state is AwakeableState.INVOCATION_COMPLETED:
            return _gone(AwakeableOutcome.GONE, link)
        return None

    async def _answer(
        self, request: Request, settings: CallbackSettings, link: Link, annotation: Any
    ) -> Response:
        media_type = _media_type(request)
        if media_type not in (_FORM, _JSON):
            text = f"the content-type {media_type!r} is not accepted; send {_JSON}"
            return _respond(_Reply(415, "This is not accepted", text), is_page=False)
        try:
            body = await read_body(request)
        except BodyError as error:
            return _respond(_Reply(error.status, error.title, str(error)), is_page=media_type == _FORM)
        if media_type == _FORM:
            return await self._answer_form(request, settings, link, annotation, body)
        rejection = request.query_params.get("reject")
        if rejection is not None:
            return _respond(await self._reject(link, rejection), is_page=False)
        if not body:
            problem = Problem("$", "the body is empty; send JSON, also for null")
            return _respond(_misfit([problem]), is_page=False)
        return _respond(await self._resolve(link, annotation, body), is_page=False)

    async def _answer_form(
        self, request: Request, settings: CallbackSettings, link: Link, annotation: Any, body: bytes
    ) -> Response:
        try:
            form = read_fields(body)
        except ValueError as error:
            return _respond(_Reply(400, "This form cannot be read", str(error)), is_page=True)
        if not proof_of_link(request.path_params["token"]).is_in(request, form.get("form", "")):
            text = "The form did not come from this page, or its cookie was not sent. Open the link again."
            return _respond(_Reply(403, "Please open the link again", text), is_page=True)
        reply = await self._take_form(link, annotation, form)
        if not reply.problems:
            return _respond(reply, is_page=True)
        return self._ask(request, settings, link, annotation, filled=form, problems=reply.problems)

    async def _take_form(self, link: Link, annotation: Any, form: dict[str, str]) -> _Reply:
        match form.get("do"):
            case "reject":
                return await self._reject(link, form.get("reason", ""))
            case "resolve":
                try:
                    answer = read_form(form, fields_of(schema_of_answer(annotation)))
                except InvalidAnswerError as error:
                    return _misfit(error.problems)
                return await self._resolve(link, annotation, answer)
        return _misfit([Problem("do", "press one of the two buttons")])

    async def _resolve(self, link: Link, annotation: Any, body: bytes) -> _Reply:
        try:
            check_answer(body, annotation)
        except InvalidAnswerError as error:
            return _misfit(error.problems)
        return await self._complete(link, body, "Thank you, the answer was accepted")

    async def _reject(self, link: Link, reason: str) -> _Reply:
        if len(reason) > _LONGEST_REASON:
            text = f"it has {len(reason)} characters, and at most {_LONGEST_REASON} are accepted"
            return _misfit([Problem("reason", text)])
        return await self._complete(link, Failure(500, reason), "It was rejected")

    async def _complete(self, link: Link, result: bytes | Failure, title: str) -> _Reply:
        try:
            outcome = await complete_awakeable(self._operations, link.awakeable_id, result)
        except InvalidAnswerError as error:
            return _misfit(error.problems)
        except (UnavailableError, NoAnswerError):
            # It may have arrived all the same.
            text = "Please send it again. The first answer that arrives counts."
            return _Reply(503, "The answer cannot be accepted right now", text)
        except OperationError as error:
            return _refused(error)
        match outcome:
            case AwakeableOutcome.APPLIED:
                return _Reply(200, title, "You can close this page.")
            case AwakeableOutcome.ACCEPTED:
                text = "The runtime accepted it, but did not report in time whether another answer was first."
                return _Reply(202, title, text)
            case AwakeableOutcome.ALREADY_COMPLETED:
                text = "The first answer counts; this one was not used."
                return _Reply(409, "There is an answer already", text)
        return _gone(outcome, link)


def _refused(error: OperationError | LookupError) -> _Reply:
    if isinstance(error, NotAllowedError):
        # It names addresses and settings, which are nothing for visitors.
        log.error("a link was opened, and cannot be served: %s", error)
        text = "The runtime asks this page for a token; see the log."
        return _Reply(error.http_status, "This link cannot be served here", text)
    status = error.http_status if isinstance(error, EncodedAnswerError) else 500
    return _Reply(status, "This link cannot be served here", f"{error}.")


def _gone(outcome: AwakeableOutcome, link: Link) -> _Reply:
    text = f"{link.name}: {describe_outcome(outcome, link.awakeable_id)}."
    return _Reply(410, "Nothing waits for this any more", text)


def _misfit(problems: list[Problem]) -> _Reply:
    text = "Nothing was changed; send it again."
    return _Reply(422, "The answer does not fit", text, tuple(problems))


def _respond(reply: _Reply, *, is_page: bool) -> Response:
    if is_page:
        return HTMLResponse(render_message(reply.title, reply.text), reply.status, headers=_HEADERS)
    facts: dict[str, Any] = {"status": reply.status, "title": reply.title, "detail": reply.text}
    if reply.problems:
        facts["errors"] = [{"path": one.path, "message": one.message} for one in reply.problems]
    return JSONResponse(facts, reply.status, headers=_HEADERS)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _date(link: Link) -> str:
    return datetime.fromtimestamp(min(link.expires_at_ms, LAST_MS) / 1000, UTC).strftime(
        "%d %B %Y, %H:%M UTC"
    )
