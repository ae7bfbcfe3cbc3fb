"""The pages as the site has them.

On GitHub, pages link to anything in the repository. The site has `docs/` and a few pages more, below `project/`. Links
to those are adapted. Links to examples lead to copies of them, and links to a folder of examples to its ZIP. Links to
other files of the repository become the names of the files, because where it is published is not known here.

A page can show a part of another one, so that it is written once. Between `<!-- include: README.md scene -->` and
`<!-- end -->` is what GitHub shows instead of what README.md has between `<!-- scene -->` and `<!-- end -->`.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Final

from scripts.docs import examples, pictures
from scripts.docs.places import DOCS, PROJECT_PAGES, ROOT, STAGED, THEME

_FENCE: Final = re.compile(r"(^ *(`{3,}|~{3,}).*?^ *\2`*\s*?$)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(?P<mark>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
_INCLUDE: Final = re.compile(r"^<!-- include: (\S+) (\w+) -->\n.*?^<!-- end -->\n", re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"^ *<!--.*?-->\n", re.MULTILINE | re.DOTALL)


def stage(target: Path = STAGED) -> None:
    """Write all pages of the site, and what they show, into a folder, and remove what is no longer there."""
    wanted: set[Path] = set()
    for source, name in sources():
        wanted.add(target / name)
        content = source.read_bytes()
        if source.suffix == ".md":
            content = adapt(include(content.decode()), name).encode()
        _write(target / name, content)
        if source.suffix == ".svg":
            for rendering, picture in pictures.renderings(name, content.decode()).items():
                path = (target / name).with_name(rendering)
                wanted.add(path)
                _write(path, picture.encode())
    for name, content in examples.files().items():
        wanted.add(target / name)
        _write(target / name, content)
    for path in [path for path in target.rglob("*") if path.is_file() and path not in wanted]:
        path.unlink()


def sources() -> list[tuple[Path, str]]:
    """Return each file of the site, and its name there."""
    found = [(path, path.relative_to(DOCS).as_posix()) for path in sorted(DOCS.rglob("*")) if path.is_file()]
    found += [(ROOT / name, f"project/{name}") for name in PROJECT_PAGES]
    found += [(path, f"assets/{path.name}") for path in sorted(THEME.iterdir())]
    return found


def include(text: str) -> str:
    """Put parts of other pages of the repository where a page names them.

    Raises:
        ValueError: a page has no such part.
    """
    return _INCLUDE.sub(lambda found: _part(found[1], found[2]), text)


def _part(page: str, name: str) -> str:
    found = re.search(
        rf"^<!-- {name} -->\n(.*?)^<!-- end -->\n", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"{page} has no part {name!r}; put it between `<!-- {name} -->` and `<!-- end -->`")
    return found[1]


def adapt(text: str, name: str) -> str:
    """Adapt the links of a page, and leave out the comments that only its tests read.

    Args:
        text: the page, in the repository.
        name: of the page in the site.
    """
    parts = re.split(_FENCE, text)
    # Every third part is a block, and the one after it its fence.
    adapted = [
        part if number % 3 == 1 else "" if number % 3 == 2 else _adapt_prose(part, name)
        for number, part in enumerate(parts)
    ]
    return "".join(adapted)


def _adapt_prose(text: str, name: str) -> str:
    return _LINK.sub(lambda link: _adapt_link(link, name), _COMMENT.sub("", text))


def _adapt_link(link: re.Match[str], name: str) -> str:
    target, mark, anchor = link["target"].partition("#")
    if not target or "://" in target or target.startswith("mailto:"):
        return link.group()
    source = (
        PurePosixPath(name.removeprefix("project/")) if name.startswith("project/") else Path("docs", name)
    )
    there = os.path.normpath(source.parent / target)
    if (new := _name_in_site(there)) is not None:
        return f"{link['mark']}[{link['text']}]({os.path.relpath(new, Path(name).parent)}{mark}{anchor})"
    # The name, unless the text says it already.
    return link["text"] if there.rstrip("/") in link["text"] else f"{link['text']} (`{there.rstrip('/')}`)"


def _name_in_site(path: str) -> str | None:
    if path in PROJECT_PAGES:
        return f"project/{path}"
    if not path.startswith("docs/"):
        return examples.name_in_site(path)
    name = path.removeprefix("docs/").rstrip("/")
    if (ROOT / path).is_dir():
        name = next(
            (f"{name}/{index}" for index in ("index.md", "README.md") if (ROOT / path / index).exists()), ""
        )
    return name or None


def _write(path: Path, content: bytes) -> None:
    # Whoever watches the folder shall see changes only.
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def clean() -> None:
    """Remove what was staged."""
    shutil.rmtree(STAGED, ignore_errors=True)
