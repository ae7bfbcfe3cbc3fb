"""Type-checks the Python of all pages in one run of mypy.

Pages have files of the same names, such as `orders.py`. Each gets a name of its own here, in imports too. Lines keep
the numbers that they have in the page.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.docs.folder import python_name
from tests.docs.modules import group_modules
from tests.docs.page import ROOT, Block, Copy, PageError, read_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.docs.page import Page

#: Has the modules of all pages, so that settings can name them.
_PACKAGE: Final = "pages"
#: Those of pyproject.toml, so that what pages import is in the cache already, but not strict for the pages.
_SETTINGS: Final = f"""
[mypy]
strict = True
mypy_path = python:{{folder}}
explicit_package_bases = True

[mypy-{_PACKAGE}.*]
{
    "".join(
        f"{name} = False{chr(10)}"
        for name in (
            "disallow_any_generics",
            "disallow_incomplete_defs",
            "disallow_subclassing_any",
            "disallow_untyped_calls",
            "disallow_untyped_decorators",
            "disallow_untyped_defs",
            "strict_equality",
            "warn_return_any",
            "warn_unused_ignores",
        )
    )
}
disable_error_code = empty-body

[mypy-awaken.control.v1.*]
ignore_errors = True

[mypy-grpc_health.v1._async,grpc_tools.*,nanoarrow.*]
ignore_missing_imports = True
"""
#: Packages that have no types, or that the tests do not need.
_MISSING: Final = re.compile(r"\[import-(?:not-found|untyped)\]$")


@dataclass(frozen=True, slots=True)
class _File:
    """A module as one page has it."""

    name: str
    page: str
    source: str
    #: Whether errors in it are the page's.
    is_own: bool = True


def check_types(pages: Iterable[Page], folder: Path) -> dict[str, list[str]]:
    """Type-check the code of pages.

    Args:
        pages: the pages.
        folder: an empty one.

    Returns:
        The errors of each page that has some.
    """
    owners: dict[str, _File] = {}
    (folder / _PACKAGE).mkdir()
    for number, page in enumerate(pages):
        for file in _Stage(f"p{number}").files(page):
            (folder / _PACKAGE / f"{file.name}.py").write_text(file.source)
            owners[file.name] = file
    if not any(file.is_own for file in owners.values()):
        return {}
    settings = folder / "mypy.ini"
    settings.write_text(_SETTINGS.format(folder=folder))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", str(settings), "--no-error-summary"),
            *("--no-pretty", "--hide-error-context"),
            *(str(folder / _PACKAGE / f"{name}.py") for name, file in owners.items() if file.is_own),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        found = re.match(r"(?:.*/)?(?P<name>\w+)\.py:(?P<line>\d+): (?P<text>error: .*)", line)
        if found is None or _MISSING.search(found["text"]):
            continue
        owner = owners.get(found["name"])
        if owner is not None and owner.is_own:
            text = re.sub(rf"\b{_PACKAGE}\.p\d+_(?:\d+_)?", "", found["text"])
            errors.setdefault(owner.page, []).append(f"line {found['line']}: {text}")
    if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stdout):
        raise RuntimeError(f"mypy failed:\n{done.stdout}{done.stderr}")
    return errors


class _Stage:
    """Gives the modules of a page names of their own.

    Args:
        prefix: of the names.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._versions: dict[str, int] = {}
        self._files: list[tuple[str, str, str, bool]] = []

    def files(self, page: Page) -> list[_File]:
        self._collect(page, is_own=True)
        known = {module for module, *_ in self._files}
        files: list[_File] = []
        latest: dict[str, int] = {}
        total = {module: sum(one == module for one, *_ in self._files) for module in known}
        for module, source, owner, is_own in self._files:
            version = latest[module] = latest.get(module, 0) + 1
            # What comes later in the page only counts where there is nothing yet.
            names = {one: self._name(one, latest.get(one, 1)) for one in known if one and total[one]}
            name = self._name(module, version)
            files.append(_File(name, owner, _rename_imports(source, names, owner), is_own))
        return files

    def _name(self, module: str, version: int) -> str:
        suffix = module.replace(".", "__") or "page"
        return f"{self._prefix}_{suffix}" if version == 1 else f"{self._prefix}_{version}_{suffix}"

    def _collect(self, page: Page, *, is_own: bool) -> None:
        if page.continues is not None:
            self._collect(read_page(Path(page.continues)), is_own=False)
        for item in page.items:
            if isinstance(item, Copy):
                self._copy(item, page.name)
            elif (
                isinstance(item, Block)
                and item.title
                and not item.excerpt
                and (name := python_name(item.title))
            ):
                self._files.append((name, _at_its_line([item]), page.name, is_own))
        if is_own:
            for blocks in group_modules(page.blocks):
                self._files.append(("", _at_its_line(blocks), page.name, True))

    def _copy(self, item: Copy, page: str) -> None:
        source = ROOT / item.source
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            relative = path.relative_to(source) if source.is_dir() else Path(item.target or path.name)
            if name := python_name(relative.as_posix()):
                self._files.append((name, path.read_text(), page, False))
                # `cd` into the folder of a copied file makes it a module without a package.
                if "." in name and not source.is_dir():
                    self._files.append((name.rpartition(".")[2], path.read_text(), page, False))


def _at_its_line(blocks: list[Block]) -> str:
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines))
        text = block.text.splitlines()
        if any(line.startswith(">>> ") for line in text):
            text = [line[4:] if line.startswith((">>> ", "... ")) else "" for line in text]
        lines += text
    return "\n".join(lines) + "\n"


def _rename_imports(source: str, names: dict[str, str], page: str) -> str:
    """Let imports of a page's own modules lead to the names that they have here."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise PageError(f"{page}:{error.lineno}: this is no Python: {error.msg}") from None
    lines = source.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module in names:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(
                f"from {node.module} ", f"from {_PACKAGE}.{names[node.module]} ", 1
            )
        elif isinstance(node, ast.Import) and len(node.names) == 1 and node.names[0].name in names:
            name = node.names[0].name
            line = lines[node.lineno - 1]
            alias = "" if node.names[0].asname else f" as {name}"
            lines[node.lineno - 1] = line.replace(
                f"import {name}", f"import {_PACKAGE}.{names[name]}{alias}", 1
            )
    return "\n".join(lines) + "\n"
