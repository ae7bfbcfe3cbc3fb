"""The route of callbacks: `GET` shows a form, `POST` answers. `docs/how-to/callbacks.md` lists the statuses."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from awaken.callbacks.link_route import LinkRoute
from awaken.callbacks.page import LinkPages
from awaken.callbacks.slack_route import SlackRoute
from awaken.control.remote import connect_runtime
from awaken.notify.slack import slack_from_environment
from awaken.pages import branding_from_environment
from awaken.serde.codec_source import CodecSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from awaken.control.operations import Operations
    from awaken.links import CallbackSettings
    from awaken.notify import Slack
    from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider

__all__ = ["create_callback_app"]


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
        ValueError: the token, or a file that the environment names for TLS, cannot be read; the app of Slack has no
            token or no signing secret; or a variable of the looks is malformed, such as `AWAKEN_PAGES_COLOR`.
    """
    branding = branding_from_environment()
    own = None
    if operations is None:
        operations = own = connect_runtime(ingress, admin, token=token)
        own.codec = None if journal_value_codec is None else CodecSource(journal_value_codec)
    clock = now_ms or (lambda: time.time_ns() // 1_000_000)
    route = LinkRoute(operations, settings, clock, LinkPages(branding, clock))

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
