"""Markdown of handlers as HTML that does nothing: no HTML of its own, no pictures, links to the web and to mail."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from markdown_it import MarkdownIt
from markupsafe import Markup

from awaken.diagnostics.printable import escape_page_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

__all__ = ["render_markdown"]

_ADDRESS: Final = re.compile(r"(https?://|mailto:)[^\s]+", re.IGNORECASE)
#: Brackets that may be links. For each, the renderer reads on to the end of the paragraph: time grows with the square.
MOST_BRACKETS: Final = 1000
#: The page has the headings of the first two levels.
_DEEPER: Final = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}


@lru_cache(maxsize=64)  # a page is opened again, and sent with mistakes in it
def render_markdown(text: str) -> Markup:
    """Return Markdown (CommonMark, and tables) as HTML. What is not allowed appears as text.

    A text with more than `MOST_BRACKETS` opening brackets appears as it is written.
    """
    text = escape_page_text(text)
    if text.count("[") > MOST_BRACKETS:
        return Markup('<p class="data-text">{}</p>').format(text)
    html = _renderer.render(text)
    # Once more: the text may have had such characters as entities.
    return Markup(escape_page_text(html))  # noqa: S704 -- the renderer escapes all text


def _open_link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, environment: Any
) -> str:
    # The address of the page may be a secret: other sites do not hear of it, and get no hold of its window.
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, index, options, environment)


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, environment: Any
) -> str:
    tokens[index].tag = _DEEPER[tokens[index].tag]
    return renderer.renderToken(tokens, index, options, environment)


def _make_renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    made.validateLink = lambda url: _ADDRESS.fullmatch(url) is not None  # type: ignore[method-assign]
    made.add_render_rule("link_open", _open_link)
    made.add_render_rule("heading_open", _heading)
    made.add_render_rule("heading_close", _heading)
    return made


_renderer: Final = _make_renderer()
