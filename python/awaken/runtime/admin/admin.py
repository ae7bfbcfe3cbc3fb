"""The admin API of one runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from awaken.runtime.admin.app import make_admin

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from awaken.runtime.deployments import Deployments
    from awaken.runtime.runtime import Runtime
    from awaken.runtime.settings import RuntimeSettings

__all__ = ["Admin"]


class Admin:
    """The admin API of a runtime, as an ASGI application.

    Args:
        runtime: what operators read and change.
        deployments: what is registered.

    """

    def __init__(self, runtime: Runtime, deployments: Deployments) -> None:
        self._questions = runtime.questions
        self._runtime = runtime
        self.tell_ingress("http://127.0.0.1:8080")
        is_limited = (runtime.settings.max_protocol_version or 7) < 7
        self._app = make_admin(
            runtime,
            deployments,
            questions=self._questions,
            ingress_url=lambda: runtime.ingress_url,
            cluster_name=runtime.settings.cluster_name,
            features=frozenset() if is_limited else frozenset(("protocol_v7",)),
        )

    def tell_ingress(self, url: str) -> None:
        """Tell operators where the ingress is, or what the settings say about that."""
        self._runtime.ingress_url = _advertised(url, self._runtime.settings)

    def end_questions(self) -> None:
        """End the questions that are being answered, and refuse new ones: the runtime is about to stop."""
        self._questions.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI defines it."""
        await self._app(scope, receive, send)


def _advertised(ingress_url: str, settings: RuntimeSettings) -> str:
    """Return the URL that callers are told, which is another one behind a proxy."""
    if settings.advertised_url is not None:
        return settings.advertised_url + ("" if urlsplit(settings.advertised_url).path else "/")
    if settings.advertised_host is not None:
        return f"http://{settings.advertised_host}:{urlsplit(ingress_url).port}/"
    return f"{ingress_url}/"
