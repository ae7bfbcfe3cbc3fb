"""The files that pages load: the style sheet of all pages, with the operator's colour, and those of the inbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from awaken.pages import stylesheet

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    from awaken.pages import Branding

__all__ = ["asset_routes"]

_FOLDER: Final = Path(__file__).parent / "static"
#: Browsers ask whether a file has changed: those of an earlier version would not fit to the pages of this one.
_HEADERS: Final = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


def asset_routes(branding: Branding) -> list[BaseRoute]:
    """Return the routes of files."""
    theme = stylesheet(branding)

    async def style(_: Request) -> Response:
        return Response(theme, media_type="text/css", headers=_HEADERS)

    return [Route("/static/theme.css", style), Mount("/static", _Files(directory=_FOLDER))]
