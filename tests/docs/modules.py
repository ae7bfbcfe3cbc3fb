"""Untitled Python blocks: joined into modules, which a process of their own executes.

As a program, it executes the blocks of one module in the current folder.
"""

from __future__ import annotations
import __future__

import doctest
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.docs.page import Block
    from tests.docs.session import Session

_FUTURES: Final = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


def is_untitled(block: Block) -> bool:
    """Return whether a block belongs to a module of its page."""
    return block.language in ("python", "py", "pycon") and block.title is None and block.excerpt is None


def group_modules(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the untitled Python blocks of a page by module."""
    modules: list[list[Block]] = []
    for block in filter(is_untitled, blocks):
        if block.is_first or not modules:
            modules.append([])
        modules[-1].append(block)
    return modules


def execute(blocks: Sequence[Block], session: Session) -> str | None:
    """Execute the blocks of a module, where the page's bash is and with what it has exported.

    Returns:
        What went wrong, or None.
    """
    given = session.scratch / "module.json"
    given.write_text(json.dumps([{"line": one.line, "page": one.page, "text": one.text} for one in blocks]))
    try:
        ran = session.run(
            f'PYTHONPATH="$AWAKEN_DOCS_ROOT" "$AWAKEN_DOCS_PYTHON" -m tests.docs.modules {given}'
        )
    except TimeoutError as error:
        return f"{error}\nPut calls that wait into functions."
    return None if ran.status == 0 else ran.output.strip()


def main(given: str) -> int:
    """Execute the blocks in a file."""
    sys.path[0] = os.getcwd()
    sys.path.remove(os.environ.pop("PYTHONPATH"))
    sys.modules["page"] = module = ModuleType("page")
    flags, failures = 0, 0
    for block in json.loads(Path(given).read_text()):
        if ">>> " in block["text"]:
            failures += _run_doctests(block, module)
            continue
        source = "\n" * (block["line"] - 1) + block["text"]
        code = compile(source, block["page"], "exec", flags=flags, dont_inherit=True)
        flags |= code.co_flags & _FUTURES
        exec(code, module.__dict__)
    return 1 if failures else 0


def _run_doctests(block: dict[str, Any], module: ModuleType) -> int:
    test = doctest.DocTestParser().get_doctest(
        block["text"], module.__dict__, block["page"], block["page"], block["line"] - 1
    )
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, clear_globs=False)
    module.__dict__.update(test.globs)
    return runner.failures


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
